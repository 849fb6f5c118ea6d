//! The operator's ceiling: the hosts that any school may reach at all. A school's own settings choose within it. Not
//! here: which addresses a host may have (`address`).

use std::collections::BTreeSet;

use http::uri::Authority;

/// Hosts with their ports. A school whose `coursekey-url` leads elsewhere sends nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(BTreeSet<(String, u16)>);

/// An entry that is no host with a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "allowed-hosts: {entry:?} is no host with a port; write host and port alone, such as \"api.example.com:443\", without \
     scheme, path and wildcard"
)]
pub struct BadAllowedHost {
    /// The entry.
    pub entry: String,
}

impl AllowedHosts {
    /// Reads entries such as `api.example.com:443` and `[::1]:4010`. No entries: nothing is allowed.
    ///
    /// # Errors
    /// The first entry that is no host with a port.
    pub fn parse<I>(entries: I) -> Result<Self, BadAllowedHost>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let read = |entry: I::Item| {
            let entry = entry.as_ref();
            host_and_port(entry).ok_or_else(|| BadAllowedHost { entry: entry.to_owned() })
        };
        entries.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether schools may reach this host, in lower case and with brackets around an IPv6 address, at this port.
    pub fn contains(&self, host: &str, port: u16) -> bool {
        self.0.contains(&(host.to_owned(), port))
    }
}

fn host_and_port(entry: &str) -> Option<(String, u16)> {
    let authority: Authority = entry.parse().ok()?;
    let port = authority.port_u16()?;
    let host = authority.host().to_ascii_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'[' | b']' | b':');
    // `Authority` also reads a user before the host.
    let is_alone = entry.to_ascii_lowercase().strip_prefix(&host).is_some_and(|rest| rest.starts_with(':'));
    (is_alone && !host.is_empty() && port != 0 && host.bytes().all(is_plain)).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_host_with_a_port_and_nothing_else() {
        let allowed = AllowedHosts::parse(["API.example.com:443", "127.0.0.1:4010", "[::1]:4010"]).unwrap();
        assert!(allowed.contains("api.example.com", 443) && allowed.contains("[::1]", 4010));
        assert!(!allowed.contains("api.example.com", 8443) && !allowed.contains("example.com", 443));
        for entry in [
            "",
            "api.example.com",
            "https://api.example.com:443",
            "api.example.com:443/v1",
            "*.example.com:443",
            "*:443",
            "user@api.example.com:443",
            "api.example.com:0",
            "api.example.com:70000",
            ":443",
            "::1:443",
        ] {
            let refused = AllowedHosts::parse(["api.example.com:443", entry]).unwrap_err();
            assert_eq!(refused, BadAllowedHost { entry: entry.to_owned() });
        }
        assert!(!AllowedHosts::parse([""; 0]).unwrap().contains("api.example.com", 443));
    }
}

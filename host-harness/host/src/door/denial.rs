//! Why a request may not leave: the rule that refused it, what was asked, and the line of configuration that would have
//! to be added or changed. Not here: the judging (`gate`), and addresses, which are known only when a name is resolved
//! (`address`).

/// Why a request may not leave: the rule, the request, and the setting that would allow the request. A denial never
/// shows a query or the value of a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// The call is not a tick.
    #[error("rule network: only on-tick may send requests; no line of configuration allows it to another call")]
    Offline,
    /// The school's settings name no usable origin.
    #[error(
        "rule base-url: coursekey-url in School Settings is not an https URL without user and query; change it to one, \
         such as coursekey-url = \"https://api.example.com/v1\""
    )]
    BaseUrl,
    /// The school's origin is outside of what the operator allows.
    #[error(
        "rule allowed-hosts: coursekey-url in School Settings leads to {asked}, which the operator does not allow; add \
         {asked:?} to allowed-hosts under [coursekey], or correct coursekey-url"
    )]
    AllowedHosts {
        /// Host and port of the school's origin.
        asked: String,
    },
    /// The request is plain HTTP or goes to an address of this machine, and the host was not started with loopback
    /// allowed.
    #[error(
        "rule loopback: {asked} is plain HTTP or this machine; for development start the host with \
         loopback-allowed = true, otherwise write an https URL as coursekey-url in School Settings"
    )]
    Loopback {
        /// The scheme and the host of the request.
        asked: String,
    },
    /// The request has another scheme than the base URL.
    #[error("rule scheme: {asked} is not {granted}; the scheme is that of coursekey-url in School Settings")]
    Scheme {
        /// The scheme of the request.
        asked: String,
        /// The scheme of the grant.
        granted: String,
    },
    /// The request goes to another host than the base URL's.
    #[error("rule host: {asked} is not {granted}; the host is that of coursekey-url in School Settings")]
    Host {
        /// The host of the request.
        asked: String,
        /// The host of the grant.
        granted: String,
    },
    /// The request goes to another port than the base URL's.
    #[error("rule port: {asked} is not {granted}; the port is that of coursekey-url in School Settings")]
    Port {
        /// The port of the request.
        asked: u16,
        /// The port of the grant.
        granted: u16,
    },
    /// The request names no campus, or a campus that the school does not have.
    #[error(
        "rule campus: {asked:?} is no campus of the school; add it with its coursekey-school-id to School Settings"
    )]
    Campus {
        /// The text of the campus header; empty: the request has no such header.
        asked: String,
    },
    /// CourseKey is not known to support the method.
    #[error("rule method: {asked} is not GET or PUT; no line of configuration allows it")]
    Method {
        /// The method of the request.
        asked: String,
    },
    /// The call may only look, and the request could change something.
    #[error(
        "rule look: {asked} could change something, and the call may only look; run a component that keeps to its interface"
    )]
    Look {
        /// The method of the request.
        asked: String,
    },
    /// The path lies outside the campus's own school.
    #[error(
        "rule path: {asked} is not below {granted}; the path is that of coursekey-url and of the campus's \
         coursekey-school-id in School Settings"
    )]
    Path {
        /// The path of the request, without its query.
        asked: String,
        /// The path of the grant.
        granted: String,
    },
    /// The request has a header that only the host sets, or nobody.
    #[error("rule header: {name} may not be set by the plugin; no line of configuration allows it")]
    Header {
        /// The name of the header.
        name: String,
    },
    /// A request that only reads has a body. Servers and what stands before them disagree on where such a request ends.
    #[error("rule body: a GET has no body; no line of configuration allows one")]
    Body,
    /// The host has no key for the campus, or the key cannot stand in a header.
    #[error(
        "rule credentials: campus {campus:?} has no usable auth key; enter as the campus's credentials the key that \
         CourseKey gave out for it"
    )]
    Credentials {
        /// GEGI's id of the campus.
        campus: String,
    },
}

/// The most characters that a denial shows of what was asked.
const SHOWN: usize = 200;

/// What a guest asked for, short enough for a line of the log and without characters that a terminal obeys.
pub(super) fn shown(asked: &str) -> String {
    let mut shown: String = asked.chars().take(SHOWN).collect();
    if shown.len() < asked.len() {
        shown.push('…');
    }
    crate::visible::visible(&shown)
}

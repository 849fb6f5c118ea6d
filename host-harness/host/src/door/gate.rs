//! The gate of the door: decides by the school's own settings whether a request may leave, and denies everything
//! else. The gate is a pure function; it sends nothing and adds no credentials.

use std::collections::BTreeMap;

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, USER_AGENT};
use http::{HeaderMap, Method, Uri, request::Parts};

use super::allowed::AllowedHosts;
use super::denial::{Denial, shown};
use crate::gegi::SchoolSettings;

/// The header that names the campus whose credentials the request needs. The gate strips this header.
pub const CAMPUS_HEADER: HeaderName = HeaderName::from_static("gegi-campus");
/// The header that says how many items the request carries, for the request log. The gate strips this header.
pub const ITEMS_HEADER: HeaderName = HeaderName::from_static("gegi-items");

/// The only headers of the guest that CourseKey needs. The sender makes `Host` and `Content-Length` anew.
const HEADERS_KEPT: [HeaderName; 3] = [ACCEPT, CONTENT_TYPE, USER_AGENT];
const HEADERS_REPLACED: [HeaderName; 4] = [HOST, CONTENT_LENGTH, CAMPUS_HEADER, ITEMS_HEADER];

/// The most bytes of a path below the school; every path is written into the request log.
const PATH_BYTES: usize = 512;

/// What one school may reach: one origin, and at this origin the CourseKey school of each campus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    base: Base,
    /// Whether requests that could change something are denied.
    only_reads: bool,
    /// CourseKey's number by campus.
    campuses: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Base {
    scheme: String,
    host: String,
    port: u16,
    /// The prefix of every path, without a slash at its end.
    path: String,
}

/// A request that the gate lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// GEGI's id of the campus that the request is for.
    pub campus: String,
    /// CourseKey's list that the request is about: the path segment after the school, or `connection` for the school
    /// itself.
    pub kind: String,
    /// The number of items that the request carries, as the guest says.
    pub items: u32,
    /// The headers of the request, without credentials.
    pub headers: HeaderMap,
}

impl Grant {
    /// The grant of a school, from its settings. Plain HTTP and the addresses of this machine are granted only with
    /// `loopback_allowed`.
    ///
    /// # Errors
    /// The base URL cannot be used; every request of the school is refused with this denial.
    pub fn new(settings: &SchoolSettings, loopback_allowed: bool) -> Result<Self, Denial> {
        let base = Base::parse(&settings.coursekey_url, loopback_allowed)?;
        let campuses = settings.campuses.iter().map(|campus| (campus.id.clone(), campus.coursekey_school_id)).collect();
        Ok(Self { base, only_reads: false, campuses })
    }

    /// The same grant, if the school's origin lies within what the operator allows. An address of this machine, which a
    /// grant holds only where loopback is allowed, needs no entry.
    ///
    /// # Errors
    /// It lies outside; every request of the school is refused with this denial.
    pub fn within(self, allowed: &AllowedHosts) -> Result<Self, Denial> {
        let Base { host, port, .. } = &self.base;
        if is_loopback(host) || allowed.contains(host, *port) {
            Ok(self)
        } else {
            Err(Denial::AllowedHosts { asked: format!("{host}:{port}") })
        }
    }

    /// The same grant for a call that may only look: GET alone.
    #[must_use]
    pub fn reading(self) -> Self {
        Self { only_reads: true, ..self }
    }

    /// Lets a request through or denies it.
    ///
    /// # Errors
    /// The denial of the first rule that the request breaks.
    pub fn check(&self, request: &Parts) -> Result<Pass, Denial> {
        let campus = text(&request.headers, &CAMPUS_HEADER);
        let school = self.campuses.get(&campus).ok_or_else(|| Denial::Campus { asked: shown(&campus) })?;
        self.check_origin(&request.uri)?;
        if ![Method::GET, Method::PUT].contains(&request.method) {
            return Err(Denial::Method { asked: shown(request.method.as_str()) });
        }
        if self.only_reads && request.method != Method::GET {
            return Err(Denial::Look { asked: shown(request.method.as_str()) });
        }
        let kind = self.check_path(&request.uri, *school)?;
        let items = text(&request.headers, &ITEMS_HEADER).parse().unwrap_or(0);
        Ok(Pass { campus, kind, items, headers: kept(&request.headers)? })
    }

    fn check_origin(&self, uri: &Uri) -> Result<(), Denial> {
        let asked = Base::origin(uri).ok_or_else(|| Denial::Host {
            asked: "an address without host, or with a user".to_owned(),
            granted: self.base.host.clone(),
        })?;
        if asked.scheme != self.base.scheme {
            return Err(Denial::Scheme { asked: shown(&asked.scheme), granted: self.base.scheme.clone() });
        }
        if asked.host != self.base.host {
            return Err(Denial::Host { asked: shown(&asked.host), granted: self.base.host.clone() });
        }
        if asked.port != self.base.port {
            return Err(Denial::Port { asked: asked.port, granted: self.base.port });
        }
        Ok(())
    }

    /// The kind of a request whose path is the campus's school or lies below it. A path that a server might read
    /// differently from this function is denied: a path with a percent sign, with an empty segment, or with dots for
    /// a segment.
    fn check_path(&self, uri: &Uri, school: u64) -> Result<String, Denial> {
        let granted = format!("{}/schools/{school}", self.base.path);
        let denial = || Denial::Path { asked: shown(uri.path()), granted: granted.clone() };
        let below = uri.path().strip_prefix(&granted).filter(|below| below.len() <= PATH_BYTES).ok_or_else(denial)?;
        if below.is_empty() {
            return Ok("connection".to_owned());
        }
        let below = below.strip_prefix('/').ok_or_else(denial)?;
        if !below.split('/').all(is_plain_segment) {
            return Err(denial());
        }
        Ok(below.split('/').next().unwrap_or_default().to_owned())
    }
}

impl Base {
    fn parse(url: &str, loopback_allowed: bool) -> Result<Self, Denial> {
        let uri: Uri = url.parse().map_err(|_| Denial::BaseUrl)?;
        let mut base = Self::origin(&uri).ok_or(Denial::BaseUrl)?;
        uri.path().trim_end_matches('/').clone_into(&mut base.path);
        if uri.query().is_some() || !matches!(base.scheme.as_str(), "http" | "https") {
            return Err(Denial::BaseUrl);
        }
        let local = is_loopback(&base.host);
        let granted = if local { loopback_allowed } else { base.scheme == "https" };
        granted.then_some(()).ok_or_else(|| Denial::Loopback { asked: format!("{}://{}", base.scheme, base.host) })?;
        Ok(base)
    }

    /// Scheme, host and port in one spelling; `path` is empty. None: a part is missing, or the URL names a user.
    fn origin(uri: &Uri) -> Option<Self> {
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let port = authority.port_u16().or(match scheme.as_str() {
            "https" => Some(443),
            "http" => Some(80),
            _ => None,
        })?;
        let host = authority.host().to_ascii_lowercase();
        (!host.is_empty()).then(|| Self { scheme, host, port, path: String::new() })
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_plain_segment(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    !segment.is_empty() && segment.bytes().all(plain) && !segment.bytes().all(|byte| byte == b'.')
}

fn kept(headers: &HeaderMap) -> Result<HeaderMap, Denial> {
    let mut kept = HeaderMap::new();
    for (name, value) in headers {
        if HEADERS_KEPT.contains(name) {
            kept.append(name.clone(), value.clone());
        } else if !HEADERS_REPLACED.contains(name) {
            return Err(Denial::Header { name: shown(name.as_str()) });
        }
    }
    Ok(kept)
}

fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;

//! Addresses of the hub: origins, which decide about the token, and targets of redirects.

use std::fmt;

use ureq::http::Uri;

/// Scheme, host and port of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// Returns the origin of an address; `None` if it is not one of `http` or `https`.
    pub(super) fn of(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let usual = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let host = uri.host().filter(|host| !host.is_empty())?;
        let place = uri.authority()?.as_str().rsplit('@').next()?;
        // `Authority::port` is also `None` for a port that is not a number, which must not pass for the usual one.
        let port = match place.strip_prefix(host)? {
            "" => usual,
            port => port.strip_prefix(':')?.parse().ok()?,
        };
        Some(Self { scheme, host: host.to_ascii_lowercase(), port })
    }

    /// Whether others cannot read a connection to it: encrypted, or within this machine.
    pub(super) fn is_private(&self) -> bool {
        self.is_encrypted() || matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
    }

    /// Whether a connection to it is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.scheme == "https"
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match (self.scheme.as_str(), self.port) {
            ("https", 443) | ("http", 80) => Ok(()),
            (_, port) => write!(f, ":{port}"),
        }
    }
}

/// Returns the address to which `location` redirects a request to `from`; `None` if it cannot be used.
pub(super) fn redirect_target(from: &str, location: &str) -> Option<String> {
    let location = location.split('#').next().unwrap_or_default();
    let base: Uri = from.parse().ok()?;
    let scheme = base.scheme_str()?;
    let server = format!("{scheme}://{}", base.authority()?);
    let path = base.path();
    let scheme_end = location.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(location.len());
    let target = match location {
        "" => return None,
        absolute if absolute.get(scheme_end..).is_some_and(|rest| rest.starts_with("://")) => absolute.to_owned(),
        same_scheme if same_scheme.starts_with("//") => format!("{scheme}:{same_scheme}"),
        same_host if same_host.starts_with('/') => format!("{server}{same_host}"),
        query if query.starts_with('?') => format!("{server}{path}{query}"),
        beside => {
            let folder = path.rfind('/').and_then(|end| path.get(..=end)).unwrap_or("/");
            format!("{server}{folder}{beside}")
        }
    };
    Origin::of(&target).map(|_| target)
}

/// Removes user names and passwords from the addresses in a text, for messages.
pub(super) fn without_secrets(text: &str) -> String {
    let mut parts = text.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| matches!(c, '/' | '?' | '#') || c.is_whitespace()).unwrap_or(part.len());
        let server = part.get(..end).and_then(|authority| authority.rfind('@')).map_or(0, |at| at + 1);
        shown.push_str("://");
        shown.push_str(part.get(server..).unwrap_or_default());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_of_an_address_are_not_shown() {
        for (text, shown) in [
            ("https://user:p@ss@hub.example:81/a@b", "https://hub.example:81/a@b"),
            ("bad uri: http://user:secret@host, http://a", "bad uri: http://host, http://a"),
            ("user@host", "user@host"),
            ("https://token@hub.example", "https://hub.example"),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }

    #[test]
    fn origins_are_equal_only_with_scheme_host_and_port() {
        let own = Origin::of("https://hub.example/api").unwrap();
        for same in ["https://hub.example:443/x?y", "HTTPS://HUB.example", "https://hub.example/a#b"] {
            assert_eq!(Origin::of(same).as_ref(), Some(&own), "{same}");
        }
        for other in [
            "http://hub.example/",
            "https://hub.example:8443/",
            "https://hub.example.evil.org/",
            "https://hub.example@evil.org/",
            "https://evil.org/https://hub.example/",
            "https://sub.hub.example/",
        ] {
            assert_ne!(Origin::of(other).unwrap(), own, "{other}");
        }
        for none in ["", "hub.example", "ftp://hub.example", "file:///etc/passwd", "https://hub.example:99999/", "/x"] {
            assert_eq!(Origin::of(none), None, "{none}");
        }
        assert_eq!(own.to_string(), "https://hub.example");
        assert_eq!(Origin::of("http://user:secret@hub.example:81/x").unwrap().to_string(), "http://hub.example:81");
    }

    #[test]
    fn a_location_is_absolute_or_relative_to_the_request() {
        let from = "http://hub.example:81/a/b?c=1";
        for (location, target) in [
            ("https://s3.example/x?sig=1", Some("https://s3.example/x?sig=1")),
            ("/new/name?d=http://x", Some("http://hub.example:81/new/name?d=http://x")),
            ("//other.example/x", Some("http://other.example/x")),
            ("?d=2#part", Some("http://hub.example:81/a/b?d=2")),
            ("c", Some("http://hub.example:81/a/c")),
            ("file:///etc/passwd", None),
            ("http://", None),
            ("", None),
            ("#part", None),
        ] {
            assert_eq!(redirect_target(from, location).as_deref(), target, "{location}");
        }
    }
}

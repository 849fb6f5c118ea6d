//! The secrets: tokens of the API, keys of campuses and the password for mails, each in a file of its own in one folder, or
//! in the environment. A secret is read whenever it is used, so that a file that was replaced counts at once, without a
//! restart. Only the door, the way in for pushes and the mail transport are handed secrets.
//!
//! | File | Holds |
//! |---|---|
//! | `operator-token`, `SCHOOL.token` | a token, or `sha256:` and the hash of one |
//! | `operator-reader-token`, `SCHOOL.reader-token` | a token for people who may look alone |
//! | `session-key` | what seals the sessions of the pages, at least 32 characters, if several processes serve them |
//! | `SCHOOL.CAMPUS.key` | the auth key of a campus |
//! | `SCHOOL.CAMPUS.push-keys` | the keys that sign CourseKey's pushes, one a line, at most two |
//! | `smtp-password` | the password for the mail server |

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use host::door::Secret;
use host::private;
use host::push::{PushKey, PushKeys};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Looks a secret up in the environment, by the name of its variable.
pub type Environment = fn(&str) -> Option<String>;

/// The folder of the secrets, and the environment, which counts where the folder has no file.
#[derive(Clone)]
pub struct Secrets {
    folder: PathBuf,
    environment: Environment,
}

/// Why the secrets cannot be used. No text names a secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The folder or a file can be read by others.
    #[error("use {path}: others than its owner can read or write it (mode {mode:o}); run `chmod {cure} {path}`")]
    Open {
        /// The folder or file.
        path: String,
        /// Its mode.
        mode: u32,
        /// The mode that it should have.
        cure: &'static str,
    },
    /// The folder or a file cannot be read or written.
    #[error("use {path}: {error}; create it, readable for the user who runs the service alone")]
    Unusable {
        /// The folder or file.
        path: String,
        /// The error of the operating system.
        error: io::Error,
    },
    /// There is no token for the operator.
    #[error("find the operator's token: {0} is missing or empty; write a long random text into it, mode 0600")]
    NoOperatorToken(String),
    /// A key is not of its form.
    #[error("use the push keys of campus {0:?}: at most two, each whsec_ and the base64 of 24 to 64 bytes")]
    BadPushKeys(String),
}

/// The hash of a token, which is all that is kept of one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token that somebody shows.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Whether both are hashes of one token. Takes the same time whatever the hashes are.
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// The hash in the form of a file: `sha256:` and 64 hexadecimal digits.
    pub fn text(&self) -> String {
        HASHED.to_owned() + &HEXLOWER.encode(&self.0)
    }

    /// Reads the content of a file: a token, or the text of a hash.
    /// The hash that [`TokenHash::text`] wrote; none: the text has another form.
    pub fn of_text(text: &str) -> Option<Self> {
        text.strip_prefix(HASHED).and_then(bytes_of).map(Self)
    }

    fn read(text: &str) -> Self {
        Self::of_text(text).unwrap_or_else(|| Self::of(text))
    }
}

/// What stands before the hash of a token in a file.
const HASHED: &str = "sha256:";

fn bytes_of(hexadecimal: &str) -> Option<[u8; 32]> {
    HEXLOWER_PERMISSIVE.decode(hexadecimal.as_bytes()).ok()?.try_into().ok()
}

impl Secrets {
    /// The secrets of a folder that only its owner can read. With `is_mounted`, whoever mounts the folder answers for its
    /// modes.
    ///
    /// # Errors
    /// The folder cannot be used, others can read it or a file in it, or there is no token for the operator.
    pub fn open(folder: &Path, is_mounted: bool, environment: Environment) -> Result<Self, SecretsError> {
        let secrets = Self { folder: folder.to_owned(), environment };
        if !is_mounted {
            check_mode(folder, "700")?;
            let files = std::fs::read_dir(folder).map_err(|error| unusable(folder, error))?;
            for file in files {
                let file = file.map_err(|error| unusable(folder, error))?;
                check_mode(&file.path(), "600")?;
            }
        }
        match secrets.operator_token()? {
            Some(_) => Ok(secrets),
            None => Err(SecretsError::NoOperatorToken(secrets.path(OPERATOR).display().to_string())),
        }
    }

    /// The hash of the operator's token.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn operator_token(&self) -> Result<Option<TokenHash>, SecretsError> {
        Ok(self.read(OPERATOR)?.map(|text| TokenHash::read(text.expose_secret())))
    }

    /// The operator's token itself, for commands of the operator; none: only its hash is kept.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn operator_token_text(&self) -> Result<Option<SecretString>, SecretsError> {
        Ok(self.read(OPERATOR)?.filter(|text| !text.expose_secret().starts_with(HASHED)))
    }

    /// The hash of a school's token; none: the school has none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn school_token(&self, school: &str) -> Result<Option<TokenHash>, SecretsError> {
        Ok(self.read(&format!("{school}.token"))?.map(|text| TokenHash::read(text.expose_secret())))
    }

    /// The hash of the token with which an operator may look alone; none: there is none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn operator_reader_token(&self) -> Result<Option<TokenHash>, SecretsError> {
        Ok(self.read("operator-reader-token")?.map(|text| TokenHash::read(text.expose_secret())))
    }

    /// The hash of the token with which somebody may look at a school alone; none: there is none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn school_reader_token(&self, school: &str) -> Result<Option<TokenHash>, SecretsError> {
        Ok(self.read(&format!("{school}.reader-token"))?.map(|text| TokenHash::read(text.expose_secret())))
    }

    /// The key with which the sessions of the pages are sealed; none: the operator has laid none into the folder.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn session_key(&self) -> Result<Option<SecretString>, SecretsError> {
        self.read("session-key")
    }

    /// The password for the mail server.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn smtp_password(&self) -> Result<Option<SecretString>, SecretsError> {
        self.read("smtp-password")
    }

    /// The auth key of a campus.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn key(&self, school: &str, campus: &str) -> Result<Option<Secret>, SecretsError> {
        Ok(self.read(&file_of(school, campus, "key"))?.map(|text| Secret::new(text.expose_secret())))
    }

    /// The keys that sign the pushes for a campus.
    ///
    /// # Errors
    /// The file cannot be read, or a key is not of its form.
    pub fn push_keys(&self, school: &str, campus: &str) -> Result<Option<PushKeys>, SecretsError> {
        let Some(text) = self.read(&file_of(school, campus, "push-keys"))? else { return Ok(None) };
        let lines: Vec<&str> = text.expose_secret().lines().collect();
        parse_push_keys(&lines, campus)
    }

    /// A number that changes whenever a campus's key is replaced.
    pub fn generation(&self, school: &str, campus: &str) -> u64 {
        let path = self.path(&file_of(school, campus, "key"));
        let written = std::fs::metadata(path).and_then(|file| file.modified()).ok();
        let since = written.and_then(|written| written.duration_since(UNIX_EPOCH).ok());
        since.map_or(1, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// Replaces the key of a campus, and its push keys.
    ///
    /// # Errors
    /// A push key is not of its form, or a file cannot be written; the key before counts.
    pub fn put_credentials(
        &self,
        school: &str,
        campus: &str,
        key: &str,
        push_keys: &[String],
    ) -> Result<(), SecretsError> {
        let lines: Vec<&str> = push_keys.iter().map(String::as_str).collect();
        parse_push_keys(&lines, campus)?;
        self.replace(&file_of(school, campus, "push-keys"), &push_keys.join("\n"))?;
        self.replace(&file_of(school, campus, "key"), key)
    }

    /// Gives a school this token.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn put_school_token(&self, school: &str, token: &TokenHash) -> Result<(), SecretsError> {
        self.replace(&format!("{school}.token"), &token.text())
    }

    /// Removes every secret of a school.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn forget(&self, school: &str) -> Result<(), SecretsError> {
        let files = std::fs::read_dir(&self.folder).map_err(|error| unusable(&self.folder, error))?;
        let of_school = |name: &str| name.strip_prefix(school).is_some_and(|rest| rest.starts_with('.'));
        for file in files.flatten().filter(|file| file.file_name().to_str().is_some_and(of_school)) {
            std::fs::remove_file(file.path()).map_err(|error| unusable(&file.path(), error))?;
        }
        Ok(())
    }

    /// The content of a file without the blanks around it, or of its variable; none: there is neither.
    fn read(&self, name: &str) -> Result<Option<SecretString>, SecretsError> {
        let path = self.path(name);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (self.environment)(&variable(name)),
            Err(error) => return Err(unusable(&path, error)),
        };
        let trimmed = text.map(|text| text.trim().to_owned());
        Ok(trimmed.filter(|text| !text.is_empty()).map(SecretString::from))
    }

    /// Replaces a file as a whole, so that nobody reads half of it. Without text the file goes away.
    fn replace(&self, name: &str, text: &str) -> Result<(), SecretsError> {
        let path = self.path(name);
        if text.is_empty() {
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(&path, error)),
                _ => Ok(()),
            };
        }
        let new = self.path(&format!(".{name}.new"));
        let written = private::write(&new, text.as_bytes()).and_then(|()| std::fs::rename(&new, &path));
        written.map_err(|error| unusable(&path, error))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// A new token: 256 random bits of the operating system's.
///
/// # Errors
/// The operating system has no random bits.
pub fn new_token() -> Result<String, SecretsError> {
    let mut bytes = [0; 32];
    let source = rustls::crypto::ring::default_provider().secure_random;
    let filled = source.fill(&mut bytes);
    filled.map_err(|_| unusable(Path::new("the random numbers"), io::Error::other("there are none")))?;
    Ok(base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes))
}

const OPERATOR: &str = "operator-token";

fn file_of(school: &str, campus: &str, kind: &str) -> String {
    format!("{school}.{}.{kind}", file_name(campus))
}

/// A campus's id as part of a file's name: what no file's name should hold becomes `%` and its code.
fn file_name(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    id.bytes().fold(String::new(), |name, byte| {
        if plain(byte) { name + &char::from(byte).to_string() } else { name + &format!("%{byte:02X}") }
    })
}

/// The name of a secret's variable, for example `GEGI_SECRET_OPERATOR_TOKEN`.
fn variable(name: &str) -> String {
    let shouted = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("GEGI_SECRET_{}", name.chars().map(shouted).collect::<String>())
}

fn parse_push_keys(lines: &[&str], campus: &str) -> Result<Option<PushKeys>, SecretsError> {
    let bad = || SecretsError::BadPushKeys(campus.to_owned());
    let keys: Result<Vec<PushKey>, _> = lines.iter().map(|line| PushKey::parse(line)).collect();
    let mut keys = keys.map_err(|_| bad())?.into_iter();
    let (current, other) = (keys.next(), keys.next());
    if keys.next().is_some() { Err(bad()) } else { Ok(current.map(|current| PushKeys { current, other })) }
}

fn check_mode(path: &Path, cure: &'static str) -> Result<(), SecretsError> {
    let mode = std::fs::metadata(path).map_err(|error| unusable(path, error))?.permissions().mode() & 0o777;
    let shown = || path.display().to_string();
    // The bits of the group and of all others.
    if mode % 0o100 == 0 { Ok(()) } else { Err(SecretsError::Open { path: shown(), mode, cure }) }
}

fn unusable(path: &Path, error: io::Error) -> SecretsError {
    SecretsError::Unusable { path: path.display().to_string(), error }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        private::create_folder(&path).unwrap();
        private::write(&path.join("operator-token"), b"token-000001\n").unwrap();
        (folder, path)
    }

    fn open(path: &Path) -> Result<Secrets, SecretsError> {
        Secrets::open(path, false, |_| None)
    }

    const PUSH_KEY: &str = "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw";

    #[test]
    fn what_others_can_read_is_refused() {
        let (_folder, path) = folder();
        open(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        let told = open(&path).err().unwrap().to_string();
        assert!(told.ends_with(&format!("run `chmod 700 {}`", path.display())), "{told}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(path.join("operator-token"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(open(&path), Err(SecretsError::Open { mode: 0o644, .. })));
        assert!(Secrets::open(&path, true, |_| None).is_ok());
    }

    #[test]
    fn there_has_to_be_a_token_for_the_operator() {
        let (_folder, path) = folder();
        fs::remove_file(path.join("operator-token")).unwrap();
        assert!(matches!(open(&path), Err(SecretsError::NoOperatorToken(_))));
        let of_environment = |name: &str| (name == "GEGI_SECRET_OPERATOR_TOKEN").then(|| "token-000002".to_owned());
        let secrets = Secrets::open(&path, false, of_environment).unwrap();
        assert!(secrets.operator_token().unwrap().unwrap().is(&TokenHash::of("token-000002")));
    }

    #[test]
    fn a_token_may_be_kept_as_its_hash() {
        let (_folder, path) = folder();
        let secrets = open(&path).unwrap();
        assert!(secrets.operator_token().unwrap().unwrap().is(&TokenHash::of("token-000001")));
        secrets.put_school_token("a", &TokenHash::of("token-000003")).unwrap();
        assert!(fs::read_to_string(path.join("a.token")).unwrap().starts_with("sha256:"));
        let token = secrets.school_token("a").unwrap().unwrap();
        assert!(token.is(&TokenHash::of("token-000003")) && !token.is(&TokenHash::of("token-000001")));
        assert!(secrets.school_token("b").unwrap().is_none());
    }

    #[test]
    fn credentials_count_at_once_and_go_with_their_school() {
        let (_folder, path) = folder();
        let secrets = open(&path).unwrap();
        let before = secrets.generation("a", "main/1");
        secrets.put_credentials("a", "main/1", "key-000001", &[PUSH_KEY.to_owned()]).unwrap();
        assert_eq!(secrets.key("a", "main/1").unwrap(), Some(Secret::new("key-000001")));
        assert!(secrets.push_keys("a", "main/1").unwrap().is_some());
        assert_ne!(secrets.generation("a", "main/1"), before);
        assert!(secrets.put_credentials("a", "main/1", "key-000002", &["plain".to_owned()]).is_err());
        assert_eq!(secrets.key("a", "main/1").unwrap(), Some(Secret::new("key-000001")));
        secrets.put_credentials("ab", "main", "key-000003", &[]).unwrap();
        secrets.forget("a").unwrap();
        assert_eq!(secrets.key("a", "main/1").unwrap(), None);
        assert!(secrets.key("ab", "main").unwrap().is_some());
    }
}

//! Files and folders with people in them. Nobody but the user who runs the program can read them, whatever the umask:
//! files have mode 0600, folders 0700. And whether a folder can be written by anybody else. On systems without such
//! modes the folder's own rights count.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Creates a file for nobody else, or empties the file that is there.
///
/// # Errors
/// The file cannot be written.
pub fn create(path: &Path) -> io::Result<File> {
    let file = options().truncate(true).open(path)?;
    restrict(&file)?;
    Ok(file)
}

/// Writes a file for nobody else.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create(path)?.write_all(bytes)
}

/// Makes sure that a file is there and that nobody else can read it; its content stays.
///
/// # Errors
/// The file cannot be created, or belongs to somebody else.
pub fn touch(path: &Path) -> io::Result<()> {
    restrict(&options().truncate(false).open(path)?)
}

/// Creates a folder for nobody else, with the folders above it. A folder that is there stays as it is.
///
/// # Errors
/// A folder cannot be created.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn restrict(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &File) -> io::Result<()> {
    Ok(())
}

/// Makes sure that nobody else can write a folder, so that what is loaded from it is what this program put there.
///
/// # Errors
/// The folder cannot be looked at, or somebody else can write it, or a folder above it whose entries anybody may
/// replace.
#[cfg(unix)]
pub fn check_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    /// The bit of a folder in which everybody may replace only what is their own.
    const STICKY: u32 = 0o1000;
    let folder = folder.canonicalize()?;
    for (at, path) in folder.ancestors().enumerate() {
        let mode = fs::metadata(path)?.mode();
        let is_open = if at == 0 { mode & 0o022 != 0 } else { mode & 0o002 != 0 && mode & STICKY == 0 };
        if is_open {
            return Err(io::Error::other(format!("others can write to {}", path.display())));
        }
    }
    Ok(())
}

/// Makes sure that nobody else can write a folder. This system has no modes, so the folder's own rights count.
///
/// # Errors
/// The folder cannot be looked at.
#[cfg(not(unix))]
pub fn check_folder(folder: &Path) -> io::Result<()> {
    fs::metadata(folder).map(|_| ())
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn files_and_folders_are_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/b/file");
        create_folder(file.parent().unwrap()).unwrap();
        write(&file, b"people").unwrap();
        assert_eq!(
            (mode(&folder.path().join("a")), mode(&folder.path().join("a/b")), mode(&file)),
            (0o700, 0o700, 0o600)
        );
        set_mode(&file, 0o644);
        touch(&file).unwrap();
        assert_eq!((mode(&file), fs::read(&file).unwrap()), (0o600, b"people".to_vec()));
        set_mode(&file, 0o644);
        write(&file, b"").unwrap();
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn a_folder_that_others_can_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("code");
        create_folder(&inner).unwrap();
        check_folder(&inner).unwrap();
        set_mode(&inner, 0o770);
        check_folder(&inner).unwrap_err();
        set_mode(&inner, 0o700);
        set_mode(folder.path(), 0o777);
        check_folder(&inner).unwrap_err();
        set_mode(folder.path(), 0o1777);
        check_folder(&inner).unwrap();
    }
}

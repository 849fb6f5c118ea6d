//! Mails as files: each in a file that only its owner reads, named by the mail's stable name, so that a repeat replaces
//! the file. A file is there whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use host::private;

use super::letter::Letter;

/// Writes a mail. The name that it has until it is whole begins with a full stop.
pub(super) fn write(folder: &Path, letter: &Letter) -> io::Result<()> {
    private::create_folder(folder)?;
    let unfinished = folder.join(format!(".{}", letter.token()));
    let mut file = private::create(&unfinished)?;
    file.write_all(letter.text().as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(format!("{}.eml", letter.token())))?;
    // The name is durable only with its folder. Systems that cannot open a folder keep names in their own way.
    if let Ok(folder) = fs::File::open(folder) {
        folder.sync_all()?;
    }
    Ok(())
}

//! What was found when the settings and the connections of a school were checked, as the API and the command line have it.

use host::school::Checked;
use serde::Serialize;

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedForm {
    /// The campus; none: it is about the whole school.
    pub campus: Option<String>,
    /// Whether it is well.
    pub well: bool,
    /// How it is.
    pub sentence: String,
    /// What to do; none: it is well.
    pub remedy: Option<String>,
    /// Who can do that: `school`, `coursekey` or `gegi`; none: it is well.
    pub owner: Option<String>,
}

impl From<Checked> for CheckedForm {
    fn from(Checked { campus, sentence, remedy, owner }: Checked) -> Self {
        Self { campus, well: remedy.is_none(), sentence, remedy, owner }
    }
}

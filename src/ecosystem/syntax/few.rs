//! A broken file can break in the same way a hundred thousand times; nobody reads that.

use crate::model::{Diagnostic, RepoPath};

/// How many diagnostics of one kind are shown.
const SHOWN: usize = 20;

/// The first few diagnostics of one kind; the others are counted.
#[derive(Debug, Default)]
pub(in crate::ecosystem) struct Few {
    count: usize,
}

impl Few {
    /// Adds a diagnostic, or only counts it.
    pub(in crate::ecosystem) fn push(&mut self, diagnostics: &mut Vec<Diagnostic>, diagnostic: Diagnostic) {
        self.count += 1;
        if self.count <= SHOWN {
            diagnostics.push(diagnostic);
        }
    }

    /// Says how many were not shown.
    pub(in crate::ecosystem) fn finish(self, path: &RepoPath, diagnostics: &mut Vec<Diagnostic>) {
        if let Some(more) = self.count.checked_sub(SHOWN).filter(|&more| more > 0) {
            diagnostics.push(Diagnostic::warning(path, None, format!("{more} more of the same kind")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_counted() {
        let (mut few, mut diagnostics) = (Few::default(), Vec::new());
        for _ in 0..SHOWN + 5 {
            few.push(&mut diagnostics, Diagnostic::error(&"f".into(), None, "x"));
        }
        few.finish(&"f".into(), &mut diagnostics);
        assert_eq!(diagnostics.len(), SHOWN + 1);
        assert_eq!(diagnostics[SHOWN].message, "5 more of the same kind");
    }
}

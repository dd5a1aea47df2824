//! `loss explain CODE`: the text of a diagnostic code.

use crate::diag::{Severity, codes, suggest};

/// What `loss explain` prints: the explanation of one code, or the list of all. `Err` names a code that is not there.
pub fn explain(id: Option<&str>) -> Result<String, String> {
    let Some(id) = id else {
        let lines: Vec<String> = codes::all().map(|c| format!("{}  {}", c.id, c.title)).collect();
        return Ok(lines.join("\n"));
    };
    match codes::find(id) {
        Some(code) => {
            let word = match code.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            Ok(format!("# {} ({word}): {}\n\n{}", code.id, code.title, code.explanation.trim()))
        }
        None => {
            let near = suggest::nearest(id, codes::all().map(|c| c.id));
            let hint = near.map(|n| format!("; did you mean {n}?")).unwrap_or_default();
            Err(format!("there is no code `{}`{hint} (`loss explain` lists them)", id.escape_debug()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::explain;

    #[test]
    fn explains_lists_and_suggests() {
        assert!(explain(Some("e0901")).is_ok_and(|t| t.starts_with("# E0901 (error)")));
        assert!(explain(None).is_ok_and(|t| t.contains("E0101  ")));
        assert!(explain(Some("E901")).is_err_and(|t| t.contains("did you mean E0901?")));
    }
}

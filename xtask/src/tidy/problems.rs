//! Every problem the API can answer has a page that says what happened and what to do.
//!
//! That each code has its page is a test of `libs/service`, which knows the codes; here, that the pages are worth
//! opening.

use std::path::Path;

use super::{Finding, Tree};

const FOLDER: &str = "docs/problems";

pub fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut n_pages = 0;
    for file in tree.files.iter().filter(|file| file.starts_with(FOLDER)) {
        n_pages += 1;
        let text = tree.text(file)?.unwrap_or_default();
        findings.extend(
            faults(file, &text)
                .into_iter()
                .map(|fault| Finding::of_file(file, fault)),
        );
    }
    if n_pages == 0 {
        findings.push(Finding::new(FOLDER, "has no pages"));
    }
    Ok(findings)
}

fn faults(file: &Path, text: &str) -> Vec<String> {
    let slug = file
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let code = slug.replace('-', "_");
    let mut faults = Vec::new();
    if file.extension().is_none_or(|e| e != "md")
        || !slug
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        faults.push("is not named `<slug>.md`".to_owned());
    }
    if !text.starts_with("# ") {
        faults.push("does not begin with a title".to_owned());
    }
    if !text.contains(&format!("`{code}`")) {
        faults.push(format!("does not name its code `{code}`"));
    }
    if !text.contains("What to do") {
        faults.push("does not say what to do".to_owned());
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_title_code_and_advice() {
        let page = "# Access is denied\n\n`access_denied`\n\nWhat to do:\n";
        assert!(faults(Path::new("docs/problems/access-denied.md"), page).is_empty());
        assert_eq!(
            faults(Path::new("docs/problems/Not_Found.txt"), "gone").len(),
            4
        );
    }
}

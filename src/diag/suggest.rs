//! Did-you-mean: the nearest known name to one that was not found. Names enter, at most one of them leaves. Never
//! looks names up itself.

/// Names further away than this many edits are no suggestion.
const MAX_DISTANCE: usize = 3;

/// Costs are counted in half edits so that a name that merely contains the other is cheaper than as many insertions.
const EDIT: usize = 2;

/// The candidate nearest to `name`; the first among equals. Letter case is ignored at first and breaks ties. Names of
/// one or two letters are only matched when they differ in case, since every short name is near every other.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = fold(name);
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        if candidate == name || candidate.is_empty() {
            continue;
        }
        let folded = fold(candidate);
        let cost = if folded == wanted {
            0
        } else if wanted.len() < 3 || folded.len() < 2 {
            continue;
        } else {
            cost(&wanted, &folded)
        };
        let limit = EDIT * MAX_DISTANCE.min(wanted.len().max(folded.len()) / 3 + 1);
        if cost <= limit && best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Letters in lower case, without the marks that separate words.
fn fold(name: &str) -> Vec<char> {
    name.chars().flat_map(char::to_lowercase).collect()
}

/// Half edits between two names. Where one stands inside the other and is at least half of it (`softmax`,
/// `log_softmax`) the letters around it count half.
fn cost(a: &[char], b: &[char]) -> usize {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let edits = EDIT * distance(a, b);
    let inside = short.len() >= 3 && 2 * short.len() >= long.len() && long.windows(short.len()).any(|w| w == short);
    if inside { edits.min(long.len() - short.len()).min(EDIT * MAX_DISTANCE / 2 + 1) } else { edits }
}

/// Edits between two words: insertion, deletion, replacement, and swapping two neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = a[i - 1] == b[j - 1];
            let mut least = (above[j - 1] + usize::from(!same)).min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_slips_of_the_keyboard() {
        let known = ["softmax", "sigmoid", "logsumexp", "log_softmax", "mean", "max", "Wq", "train_x"];
        let expect = [
            ("sofmtax", Some("softmax")),
            ("Softmax", Some("softmax")),
            ("sigmiod", Some("sigmoid")),
            ("log_sum_exp", Some("logsumexp")),
            ("meen", Some("mean")),
            ("wq", Some("Wq")),
            ("wk", None),
            ("x", None),
            ("train", Some("train_x")),
            ("missing_max", None),
            ("banana", None),
            ("", None),
        ];
        for (name, answer) in expect {
            assert_eq!(nearest(name, known), answer, "{name}");
        }
    }

    #[test]
    fn prefers_the_nearest_and_then_the_first() {
        assert_eq!(nearest("lable", ["table", "label"]), Some("table"));
        assert_eq!(nearest("labl", ["table", "label"]), Some("label"));
        assert_eq!(nearest("τau", ["tau"]), Some("tau"));
    }
}

//! Trees against brute force: what decided and what turns is compared with all subsets of the terms.

use tercel_rules::load::{Branch, BranchKind, Loader, Options, Resolved};

use super::tree::Tree;

/// The condition of a rule.
fn resolved(condition: &str) -> Resolved {
    let mut loader = Loader::new(Options::default());
    let rule = format!(
        "- macro: m\n  condition: (proc.name=m1 or proc.name=m2)\n- list: l\n  items: [x, y]\n- rule: R\n  desc: d\n  \
         condition: >\n    {condition}\n  output: o\n  priority: INFO\n"
    );
    let report = loader.file("r.yaml", &rule);
    assert!(report.successful(), "{report}");
    loader.resolved(&["R"]).expect("few parts").remove(0)
}

/// A condition of at most `terms` different terms, by the digits of a number.
fn random(seed: &mut u64, depth: u32, terms: &mut u32) -> String {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let choice = *seed >> 33;
    if depth == 0 || *terms >= 4 || (choice / 8).is_multiple_of(4) {
        *terms += 1;
        return format!("fd.num={terms}");
    }
    let joint = if choice.is_multiple_of(2) { " and " } else { " or " };
    let parts: Vec<String> = (0..2 + choice / 2 % 2).map(|_| random(seed, depth - 1, terms)).collect();
    let not = if (choice / 4).is_multiple_of(3) { "not " } else { "" };
    format!("{not}({})", parts.join(joint))
}

/// What the condition says, as the language defines it.
fn says(branch: &Branch, answers: &mut std::slice::Iter<'_, bool>) -> bool {
    // Every term takes its answer, so nothing may be left out.
    let mut each = |parts: &[Branch]| -> Vec<bool> { parts.iter().map(|part| says(part, answers)).collect() };
    match &branch.kind {
        BranchKind::All(parts) => each(parts).into_iter().all(|holds| holds),
        BranchKind::Any(parts) => each(parts).into_iter().any(|holds| holds),
        BranchKind::Not(inner) => !says(inner, answers),
        BranchKind::Term(_) => *answers.next().expect("a term"),
    }
}

fn subsets(count: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..1_u32 << count).map(move |bits| (0..count).filter(|at| bits >> at & 1 == 1).collect())
}

/// Terms of a tree that is compared: the work grows with the cube of the number of subsets.
const MOST_TERMS: usize = 5;

#[test]
fn what_decides_and_what_turns_is_smallest() {
    let mut seed = 7;
    let mut compared = 0;
    for _ in 0..200 {
        let resolved = resolved(&random(&mut seed, 3, &mut 0));
        let tree = Tree::new(&resolved.root);
        let count = tree.checks.len();
        if count > MOST_TERMS {
            continue;
        }
        let result = |answers: &[bool]| says(&resolved.root, &mut answers.iter());
        for set in subsets(count) {
            let answers: Vec<bool> = (0..count).map(|at| set.contains(&at)).collect();
            let (mut holding, mut turns) = (Vec::new(), Vec::new());
            tree.holding(&answers, &mut holding);
            let holds = result(&answers);
            assert_eq!(holding[0], holds);
            tree.turns(&holding, &mut turns);
            let turned = |set: &[usize]| {
                let other: Vec<bool> = (0..count).map(|at| answers[at] != set.contains(&at)).collect();
                result(&other)
            };
            let turning: Vec<usize> = tree.turning(&holding, &turns, true);
            let turning: Vec<usize> = turning.into_iter().filter_map(|node| tree.term_of(node)).collect();
            let least = subsets(count).filter(|set| turned(set) != holds).map(|set| set.len()).min();
            assert_eq!(
                (turned(&turning), Some(turning.len())),
                (!holds, least),
                "{}",
                tree.checks[0].written
            );
            assert_eq!(Some(turns[0] as usize), least);
            let is_forced = |set: &[usize]| {
                let free: Vec<usize> = (0..count).filter(|at| !set.contains(at)).collect();
                let chosen = |set: Vec<usize>| set.into_iter().map(|at| free[at]).collect::<Vec<_>>();
                subsets(free.len()).all(|set| turned(&chosen(set)) == holds)
            };
            let deciding = tree.deciding(&holding);
            let least = subsets(count).filter(|set| is_forced(set)).map(|set| set.len()).min();
            assert_eq!((is_forced(&deciding), Some(deciding.len())), (true, least));
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared}");
}

/// The nodes that are missed where none of the terms holds but these, as words.
#[track_caller]
fn check(condition: &str, holding: &[&str], expected: &[&str]) {
    let resolved = resolved(condition);
    let tree = Tree::new(&resolved.root);
    let answers: Vec<bool> =
        tree.checks.iter().map(|check| holding.contains(&check.written.as_str())).collect();
    let (mut nodes, mut turns) = (Vec::new(), Vec::new());
    tree.holding(&answers, &mut nodes);
    tree.turns(&nodes, &mut turns);
    let missed = tree.turning(&nodes, &turns, false);
    let words: Vec<String> = missed.iter().map(|node| super::label::missed(&tree, *node)).collect();
    assert_eq!(words, expected, "{condition}");
}

#[test]
fn what_is_missed_has_its_name() {
    check("evt.type=open and proc.name in (l)", &["evt.type = open"], &["proc.name in (l)"]);
    check("evt.type=open and m", &["evt.type = open"], &["m: (proc.name = m1 or proc.name = m2)"]);
    check("evt.type=open and not m", &["evt.type = open", "proc.name = m2"], &["not proc.name = m2"]);
    check(
        "evt.type=open and (fd.num=1 or fd.num=2)",
        &[],
        &["evt.type = open", "(fd.num = 1 or fd.num = 2)"],
    );
    check(
        "evt.type=open and not (fd.num=1 and fd.type=file)",
        &["evt.type = open", "fd.num = 1", "fd.type = file"],
        &["not (fd.num = 1 and fd.type = file)"],
    );
    check(
        "fd.num=1 or (fd.num=2 and fd.type=file)",
        &["fd.num = 2"],
        &["(fd.num = 1 or (fd.num = 2 and …))"],
    );
}

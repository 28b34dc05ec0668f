//! Rules by themselves: a program enters, a matcher for each of its rules leaves, which knows only what this rule asks.

use std::collections::BTreeMap;

use tercel_replay::{Matcher, Matching};
use tercel_rules::program::{CheckId, Node, NodeId, Program, Rule, Template};

/// A matcher for each rule, in the order of the program.
pub(super) fn matchers(program: &Program) -> Vec<Matcher> {
    program.rules.iter().map(|rule| Matcher::new(&part(program, rule), Matching::All)).collect()
}

/// The program of one rule, without its output.
fn part(program: &Program, rule: &Rule) -> Program {
    let (mut nodes, mut open) = (BTreeMap::new(), vec![rule.condition]);
    while let Some(id) = open.pop() {
        let Some(node) = program.nodes.get(id.0 as usize) else { continue };
        if nodes.insert(id, node).is_none() {
            match node {
                Node::Check(_) => {}
                Node::Not(inner) => open.push(*inner),
                Node::And(parts) | Node::Or(parts) => open.extend(parts.iter().copied()),
            }
        }
    }
    // A node refers only to nodes before it, and so it does after those that are not needed are gone.
    let place: BTreeMap<NodeId, NodeId> = nodes.keys().copied().zip((0..).map(NodeId)).collect();
    let moved = |id: &NodeId| place.get(id).copied().unwrap_or(NodeId(0));
    let mut checks = Vec::new();
    let nodes: Vec<Node> = nodes
        .values()
        .map(|node| match node {
            Node::Check(check) => {
                checks.extend(program.checks.get(check.0 as usize).cloned());
                Node::Check(CheckId(checks.len().saturating_sub(1) as u32))
            }
            Node::Not(inner) => Node::Not(moved(inner)),
            Node::And(parts) => Node::And(parts.iter().map(moved).collect()),
            Node::Or(parts) => Node::Or(parts.iter().map(moved).collect()),
        })
        .collect();
    let rule = Rule {
        name: rule.name.clone(),
        desc: String::new(),
        priority: rule.priority,
        tags: Vec::new(),
        source: rule.source.clone(),
        condition: moved(&rule.condition),
        output: Template::default(),
        events: rule.events.clone(),
        capture: rule.capture,
    };
    Program { rules: vec![rule], nodes, checks }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tercel_rules::{Loader, Options};

    #[test]
    fn a_part_holds_what_its_rule_asks() {
        let rule = |name: &str, condition: &str| {
            format!("- rule: {name}\n  desc: d\n  condition: {condition}\n  output: o\n  priority: INFO\n")
        };
        let text = rule("a", "evt.type = open and (proc.name = a or not fd.num = 1)")
            + &rule("b", "evt.type = open and not (proc.name = b and fd.num = 1)");
        let mut loader = Loader::new(Options::default());
        assert!(loader.file("f.yaml", &text).successful());
        let program = loader.finish().program;
        let sizes: Vec<(usize, usize)> = program
            .rules
            .iter()
            .map(|rule| part(&program, rule))
            .map(|part| (part.nodes.len(), part.checks.len()))
            .collect();
        assert_eq!(sizes, [(6, 3), (6, 3)]);
        let second = part(&program, &program.rules[1]);
        let last = second.nodes.get(second.rules[0].condition.0 as usize);
        assert!(matches!(last, Some(Node::And(parts)) if parts.len() == 2), "{last:?}");
    }
}

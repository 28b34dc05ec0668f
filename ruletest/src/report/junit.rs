//! JUnit XML: a test suite per test file, a test case per case.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::columns::{Paint, side_by_side};
use crate::error::RunError;
use crate::failure::{Failure, Status};
use crate::options::Screen;
use crate::verdict::{Run, Verdict};

/// The report.
pub(crate) fn xml(run: &Run<'_>) -> Result<String, RunError> {
    let mut report = Report::new("tercel test");
    for file in &run.broken {
        let name = file.path.display().to_string();
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(file.problem.message.as_str()).set_description(file.problem.to_string());
        let mut suite = TestSuite::new(name.as_str());
        suite.add_test_case(TestCase::new("the file can be read", status));
        report.add_test_suite(suite);
    }
    let mut open: Option<(&str, TestSuite)> = None;
    let mut total = Duration::ZERO;
    for verdict in &run.verdicts {
        let name = &*verdict.case.document.name;
        if open.as_ref().is_none_or(|(known, _)| *known != name)
            && let Some((_, suite)) = open.replace((name, TestSuite::new(name)))
        {
            report.add_test_suite(suite);
        }
        if let Some((_, suite)) = &mut open {
            suite.set_time(suite.time.unwrap_or_default() + verdict.took).add_test_case(case(verdict));
            total += verdict.took;
        }
    }
    report.add_test_suites(open.map(|(_, suite)| suite));
    report.set_time(total);
    Ok(report.to_string()?)
}

fn case(verdict: &Verdict<'_>) -> TestCase {
    let case = verdict.case;
    let status = match &verdict.status {
        Status::Passed => TestCaseStatus::success(),
        Status::Failed(failures) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let messages: Vec<&str> = failures.iter().map(|failure| failure.message.as_str()).collect();
            let texts: Vec<String> = failures.iter().map(|failure| described(verdict, failure)).collect();
            status.set_type("expectation").set_message(messages.join("; ")).set_description(texts.join("\n"));
            status
        }
        Status::Broken(_, reason) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            let first = reason.lines().next().unwrap_or_default();
            status.set_type("error").set_message(first).set_description(reason.as_str());
            status
        }
    };
    let mut written = TestCase::new(case.name.as_str(), status);
    written.set_time(verdict.took).set_classname(&*case.document.name);
    written.extra.insert("file".into(), (&*case.document.name).into());
    written.extra.insert("line".into(), case.line.to_string().into());
    written
}

fn described(verdict: &Verdict<'_>, failure: &Failure) -> String {
    let mut text = format!("{}:{}: {}\n", verdict.case.document.name, failure.line, failure.message);
    text.push_str(&side_by_side(&failure.rows, "  ", &Paint::plain(), Screen::default().columns));
    for line in &failure.nearest {
        text.push_str(line);
        text.push('\n');
    }
    if let (Some(rule), Some(place)) = (&failure.rule, &failure.rule_at) {
        text.push_str(&format!("{place}: rule '{rule}' is defined here\n"));
    }
    text
}

//! `tercel fleet merge`: the outputs of the shards of a plan enter, one stream of alerts leaves, in the order and with the lines of a replay
//! over all files, and a summary that says what is missing.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use tercel_shards::{Directory, FAN_IN, Place, Plan, Record, Segment, Status, merge};

use super::summary::Summary;
use super::{outputs, place, read};
use crate::exit::{Failure, Outcome};
use crate::intent::{AlertForm, FleetMerge};
use crate::target;

/// Runs the verb.
pub fn run(intent: &FleetMerge) -> Result<Outcome, Failure> {
    let plan = read(&intent.plan)?;
    let place = place(&intent.from);
    let mut summary = Summary::new(&plan);
    let streams = streams(&plan, &*place, &mut summary)?;
    let spill = tempfile::tempdir().map_err(|error| Failure::io(format!("temporary files: {error}")))?;
    let mut out = Out::new(intent, &plan)?;
    let mut take = |record: &Record<'_>| {
        summary.alert(record);
        out.push(record)
    };
    let merged = merge(&*place, streams, &Directory::new(spill.path()), FAN_IN, &mut take);
    merged.map_err(|error| Failure::io(format!("{}: {error}", place.name())))?;
    let is_read = out.finish()?;
    if is_read && !summary.is_whole() {
        return Err(Failure::io(format!(
            "{}: shards do not have as many alerts as they say; run them again",
            place.name()
        )));
    }
    if let Some(path) = &intent.summary {
        target::refuse_overwriting(path, [intent.plan.as_path()])?;
        let failed = |error: io::Error| Failure::io(format!("{}: {error}", path.display()));
        std::fs::write(path, format!("{}\n", summary.json())).map_err(failed)?;
    }
    if !intent.quiet {
        eprint!("{}", summary.text(intent.verbose));
    }
    Ok(summary.outcome(intent.fail_on))
}

/// Where the alerts of every file are, in the order of the files. Shards that are not done are noted.
fn streams(plan: &Plan, place: &dyn Place, summary: &mut Summary<'_>) -> Result<Vec<Vec<Segment>>, Failure> {
    let mut streams: Vec<Vec<Segment>> = plan.files.iter().map(|_| Vec::new()).collect();
    let judge = plan.judge();
    for (number, parts) in plan.shards.iter().enumerate() {
        let name = plan.name(&judge, number).unwrap_or_default();
        let (status, alerts) = outputs(&name);
        let bytes = match place.read_whole(&status) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                summary.missing(number, "not done");
                continue;
            }
            Err(error) => return Err(Failure::io(format!("{}/{status}: {error}", place.name()))),
        };
        let status: Status = match serde_json::from_slice::<Status>(&bytes) {
            Ok(status) if status.shard == name && status.parts.len() == parts.len() => status,
            Ok(_) => {
                summary.missing(number, "its status is of another shard");
                continue;
            }
            Err(error) => {
                summary.missing(number, &format!("its status cannot be read: {error}"));
                continue;
            }
        };
        let mut offset = 0;
        for (part, done) in parts.iter().zip(&status.parts) {
            let segment = Segment {
                name: alerts.clone(),
                offset,
                bytes: done.bytes,
                file: Some(u32::try_from(part.file).unwrap_or(u32::MAX)),
            };
            offset += done.bytes;
            if let Some(stream) = streams.get_mut(part.file).filter(|_| done.bytes > 0) {
                stream.push(segment);
            }
        }
        summary.done(&status);
    }
    Ok(streams)
}

/// Where alerts go.
enum Out<'p> {
    Lines {
        out: BufWriter<Box<dyn Write + Send>>,
        json: bool,
        closed: bool,
    },
    #[cfg(feature = "parquet")]
    Parquet {
        file: tercel_export::ParquetFile<Box<dyn Write + Send>>,
        plan: &'p Plan,
    },
    #[cfg(not(feature = "parquet"))]
    #[expect(dead_code, reason = "a build without Parquet refuses the form with a message")]
    Never(&'p Plan),
}

impl<'p> Out<'p> {
    #[cfg_attr(
        not(feature = "parquet"),
        expect(unused_variables, reason = "only Parquet has columns of the plan")
    )]
    fn new(intent: &FleetMerge, plan: &'p Plan) -> Result<Out<'p>, Failure> {
        let out: Box<dyn Write + Send> = match &intent.output {
            None => Box::new(io::stdout()),
            Some(path) => {
                target::refuse_overwriting(path, [intent.plan.as_path()])?;
                let created = File::create(path);
                Box::new(created.map_err(|error| Failure::io(format!("{}: {error}", path.display())))?)
            }
        };
        #[cfg(feature = "parquet")]
        if intent.form == AlertForm::Parquet {
            let host = ("host".to_owned(), tercel_export::Kind::Text);
            let columns = super::days::COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), *kind));
            let columns: Vec<_> = columns.chain([host]).collect();
            let file = tercel_export::ParquetFile::new(out, &columns).map_err(Failure::io)?;
            return Ok(Out::Parquet { file, plan });
        }
        let json = intent.form == AlertForm::Json;
        Ok(Out::Lines { out: BufWriter::with_capacity(1 << 16, out), json, closed: false })
    }

    /// Takes an alert; `false` if nobody reads any further.
    fn push(&mut self, record: &Record<'_>) -> io::Result<bool> {
        match self {
            Out::Lines { out, json, closed } => {
                let line = if *json { record.json } else { record.text };
                let written = out.write_all(line).and_then(|()| out.write_all(b"\n"));
                match written {
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                        *closed = true;
                        Ok(false)
                    }
                    written => written.map(|()| true),
                }
            }
            #[cfg(feature = "parquet")]
            Out::Parquet { file, plan } => {
                let of_file = plan.files.get(record.file as usize);
                let (url, host) = of_file.map_or(("", ""), |file| (file.url.as_str(), file.host.as_str()));
                let rule = plan.program.get(record.rule as usize);
                let (rule, priority) =
                    rule.map_or(("", ""), |rule| (rule.name.as_str(), rule.priority.as_str()));
                let row = super::days::row(record, url, rule, priority);
                file.row(row.into_iter().chain([tercel_export::Datum::Text(host.as_bytes())])).map(|()| true)
            }
            #[cfg(not(feature = "parquet"))]
            Out::Never(_) => Ok(false),
        }
    }

    /// Writes the rest; `false` if nobody reads it.
    fn finish(self) -> Result<bool, Failure> {
        let written = match self {
            Out::Lines { closed: true, .. } => return Ok(false),
            Out::Lines { mut out, .. } => out.flush(),
            #[cfg(feature = "parquet")]
            Out::Parquet { file, .. } => file.finish().and_then(|mut out| out.flush()),
            #[cfg(not(feature = "parquet"))]
            Out::Never(_) => Ok(()),
        };
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::io(format!("cannot write alerts: {error}")))
            }
            Err(_) => Ok(false),
            Ok(()) => Ok(true),
        }
    }
}

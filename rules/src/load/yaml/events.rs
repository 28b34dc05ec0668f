//! Events of a YAML text with their marks, read by unsafe-libyaml: the parser beneath serde_yaml, a translation of
//! libyaml.
//!
//! This is the only module outside `capture/` that may be unsafe; what leaves it is owned and checked. Nothing here
//! knows nodes.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

use unsafe_libyaml as unsafe_sys;

/// What the parser found next. (The index of libyaml's marks counts characters, that of its translation bytes.)
#[derive(Debug)]
pub(super) struct Event {
    pub(super) kind: EventKind,
    /// Bytes before it.
    pub(super) start: usize,
    /// Bytes up to its end.
    pub(super) end: usize,
}

/// Kinds of events.
#[derive(Debug)]
pub(super) enum EventKind {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(String),
    Scalar {
        anchor: Option<String>,
        value: String,
        /// Neither quotes nor a tag say that it is text.
        plain: bool,
        /// It stands in quotes.
        quoted: bool,
    },
    SequenceStart(Option<String>),
    MappingStart(Option<String>),
    CollectionEnd,
}

/// Why the text cannot be read on.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) message: String,
    /// Bytes before the place.
    pub(super) at: usize,
    /// What was being read, and the bytes before its start.
    pub(super) within: Option<(String, usize)>,
    /// That is a text in quotes which does not end.
    pub(super) unclosed: bool,
}

/// A parser over a text.
pub(super) struct Events<'t> {
    /// Boxed, since the parser keeps a pointer to itself.
    parser: Box<MaybeUninit<unsafe_sys::yaml_parser_t>>,
    text: PhantomData<&'t str>,
}

impl<'t> Events<'t> {
    /// A parser at the start of a text; nothing if there is no memory for it.
    pub(super) fn of(text: &'t str) -> Option<Events<'t>> {
        let mut parser = Box::new(MaybeUninit::uninit());
        let length = u64::try_from(text.len()).ok()?;
        // SAFETY: the pointer is to memory of the right size and alignment, which `yaml_parser_initialize` fills. The
        // text outlives the parser, whose lifetime is bound to it, and neither moves.
        unsafe {
            if unsafe_sys::yaml_parser_initialize(parser.as_mut_ptr()).fail {
                return None;
            }
            unsafe_sys::yaml_parser_set_encoding(parser.as_mut_ptr(), unsafe_sys::YAML_UTF8_ENCODING);
            unsafe_sys::yaml_parser_set_input_string(parser.as_mut_ptr(), text.as_ptr(), length);
        }
        Some(Events { parser, text: PhantomData })
    }

    /// The next event. After an error, or the end of the stream, there is nothing more to ask for.
    pub(super) fn next(&mut self) -> Result<Event, Problem> {
        let mut event = MaybeUninit::<unsafe_sys::yaml_event_t>::uninit();
        // SAFETY: the parser was initialized by `of`. `yaml_parser_parse` initializes the event when it succeeds, and
        // only then is it read and deleted, once, after everything in it was copied.
        unsafe {
            if unsafe_sys::yaml_parser_parse(self.parser.as_mut_ptr(), event.as_mut_ptr()).fail {
                return Err(self.problem());
            }
            let copied = owned(event.assume_init_ref());
            unsafe_sys::yaml_event_delete(event.as_mut_ptr());
            Ok(copied)
        }
    }

    fn problem(&self) -> Problem {
        // SAFETY: the parser was initialized by `of`; its texts are null or constant C strings of the parser.
        let (parser, message, context) = unsafe {
            let parser = self.parser.assume_init_ref();
            let text = |text: *const i8| (!text.is_null()).then(|| CStr::from_ptr(text.cast()));
            (parser, text(parser.problem), text(parser.context))
        };
        let start = count(parser.context_mark.index);
        // The parser has no other name for it than this text.
        let unclosed = context == Some(c"while scanning a quoted scalar");
        let within = context.map(|context| (context.to_string_lossy().into_owned(), start));
        let message = message.map_or("out of memory".into(), CStr::to_string_lossy).into_owned();
        let at = match parser.error {
            unsafe_sys::YAML_READER_ERROR => parser.problem_offset,
            _ => parser.problem_mark.index,
        };
        Problem { message, at: count(at), within, unclosed }
    }
}

impl Drop for Events<'_> {
    fn drop(&mut self) {
        // SAFETY: the parser was initialized by `of` and is deleted once.
        unsafe { unsafe_sys::yaml_parser_delete(self.parser.as_mut_ptr()) }
    }
}

/// A copy of what an event holds.
///
/// # Safety
/// The event was filled by `yaml_parser_parse` and not deleted.
unsafe fn owned(event: &unsafe_sys::yaml_event_t) -> Event {
    // SAFETY: the type says which member of the union was filled. Names are null or C strings, and the value of a
    // scalar has `length` bytes.
    let kind = unsafe {
        match event.type_ {
            unsafe_sys::YAML_STREAM_START_EVENT => EventKind::StreamStart,
            unsafe_sys::YAML_DOCUMENT_START_EVENT => EventKind::DocumentStart,
            unsafe_sys::YAML_DOCUMENT_END_EVENT => EventKind::DocumentEnd,
            unsafe_sys::YAML_ALIAS_EVENT => {
                EventKind::Alias(name(event.data.alias.anchor).unwrap_or_default())
            }
            unsafe_sys::YAML_SCALAR_EVENT => {
                let scalar = &event.data.scalar;
                let value = std::slice::from_raw_parts(scalar.value, count(scalar.length));
                EventKind::Scalar {
                    anchor: name(scalar.anchor),
                    value: String::from_utf8_lossy(value).into_owned(),
                    plain: scalar.style == unsafe_sys::YAML_PLAIN_SCALAR_STYLE && scalar.tag.is_null(),
                    quoted: matches!(
                        scalar.style,
                        unsafe_sys::YAML_SINGLE_QUOTED_SCALAR_STYLE
                            | unsafe_sys::YAML_DOUBLE_QUOTED_SCALAR_STYLE
                    ),
                }
            }
            unsafe_sys::YAML_SEQUENCE_START_EVENT => {
                EventKind::SequenceStart(name(event.data.sequence_start.anchor))
            }
            unsafe_sys::YAML_MAPPING_START_EVENT => {
                EventKind::MappingStart(name(event.data.mapping_start.anchor))
            }
            unsafe_sys::YAML_SEQUENCE_END_EVENT | unsafe_sys::YAML_MAPPING_END_EVENT => {
                EventKind::CollectionEnd
            }
            _ => EventKind::StreamEnd,
        }
    };
    Event { kind, start: count(event.start_mark.index), end: count(event.end_mark.index) }
}

/// A copy of a C string.
///
/// # Safety
/// The pointer is null or to bytes that a NUL ends.
unsafe fn name(text: *const u8) -> Option<String> {
    // SAFETY: as the caller promises.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text.cast()) }.to_string_lossy().into_owned())
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

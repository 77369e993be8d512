//! libyaml's grammar, by its port to Rust: the only module of this crate that holds unsafe code.
//!
//! The port keeps libyaml's C interface. What makes its use safe here:
//! - the parser lives in a heap block of its own and is only reached through one pointer, because it keeps a pointer to
//!   itself (for its read handler);
//! - the input outlives the parser, by the lifetime `'t`;
//! - an event is freed exactly once, before the next one is made or when the reader is dropped, and nothing that borrows
//!   from it outlives the `&mut` borrow that gave it out;
//! - every text that comes out of libyaml is checked to be UTF-8.

use super::event::{Collection, Event, EventSource, Placed, Scalar, SyntaxError};
use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use unsafe_libyaml_norway as unsafe_sys;

/// Events of one text.
pub(super) struct Libyaml<'t> {
    parser: NonNull<unsafe_sys::yaml_parser_t>,
    /// Initialised, and with heap blocks of its own perhaps, while `live`. What has none is not deleted: that would only
    /// clear it.
    event: MaybeUninit<unsafe_sys::yaml_event_t>,
    live: bool,
    /// Bytes before what libyaml reads.
    base: u64,
    text_len: u32,
    text: PhantomData<&'t str>,
}

impl<'t> Libyaml<'t> {
    /// A reader at the beginning of the text, which must be shorter than 4 GiB.
    pub(super) fn new(text: &'t str) -> Result<Self, SyntaxError> {
        // PyYAML lets libyaml find out the encoding, which takes a byte order mark away before anything is counted.
        let base = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let input = text.get(base..).unwrap_or_default();
        let block: *mut unsafe_sys::yaml_parser_t =
            Box::into_raw(Box::<unsafe_sys::yaml_parser_t>::new_uninit()).cast();
        // SAFETY: `block` comes from `Box::into_raw` and is not null. `yaml_parser_initialize` writes the whole struct.
        // The input pointer is valid for `input.len()` bytes for `'t`, which outlives the parser.
        unsafe {
            let parser = NonNull::new_unchecked(block);
            if unsafe_sys::yaml_parser_initialize(block).fail {
                // The struct owns nothing yet that `yaml_parser_delete` would have to free.
                drop(Box::from_raw(block.cast::<MaybeUninit<unsafe_sys::yaml_parser_t>>()));
                return Err(SyntaxError::new("no memory for the reader", 0));
            }
            unsafe_sys::yaml_parser_set_encoding(block, unsafe_sys::YAML_UTF8_ENCODING);
            unsafe_sys::yaml_parser_set_input_string(block, input.as_ptr(), input.len() as u64);
            let text_len = u32::try_from(text.len()).unwrap_or(u32::MAX);
            Ok(Self {
                parser,
                event: MaybeUninit::uninit(),
                live: false,
                base: base as u64,
                text_len,
                text: PhantomData,
            })
        }
    }

    fn delete_event(&mut self) {
        if self.live {
            self.live = false;
            // SAFETY: `live` says that the event is initialised and was not freed; nothing borrows from it any more,
            // because borrows end before `&mut self` is possible.
            unsafe { unsafe_sys::yaml_event_delete(self.event.as_mut_ptr()) }
        }
    }

    fn offset(&self, mark: unsafe_sys::yaml_mark_t) -> u32 {
        u32::try_from(mark.index.saturating_add(self.base)).unwrap_or(u32::MAX).min(self.text_len)
    }

    fn error(&self) -> SyntaxError {
        // SAFETY: the parser is initialised from `new` to `drop`, and its error fields are plain data. Problem and
        // context point to static texts of libyaml or are null.
        let (error, problem, context) = unsafe {
            let parser = self.parser.as_ref();
            (parser.error, static_text(parser.problem), static_text(parser.context))
        };
        // SAFETY: as above.
        let (at, since, offset, value) = unsafe {
            let parser = self.parser.as_ref();
            (parser.problem_mark, parser.context_mark, parser.problem_offset, parser.problem_value)
        };
        let problem = problem.unwrap_or("the text cannot be read");
        if error == unsafe_sys::YAML_READER_ERROR {
            let at = u32::try_from(offset.saturating_add(self.base)).unwrap_or(u32::MAX).min(self.text_len);
            let problem = if value >= 0 { format!("{problem} (U+{value:04X})") } else { problem.to_owned() };
            return SyntaxError { character: true, ..SyntaxError::new(problem, at) };
        }
        let found = SyntaxError::new(problem, self.offset(at));
        match context {
            Some(context) => found.while_reading(context, self.offset(since)),
            None => found,
        }
    }
}

/// # Safety
/// The pointer is null or points to a text that ends with NUL and lives forever.
unsafe fn static_text(pointer: *const i8) -> Option<&'static str> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: promised by the caller. The cast is for platforms where `c_char` is unsigned.
    unsafe { CStr::from_ptr(pointer.cast()) }.to_str().ok()
}

/// # Safety
/// The pointer is null or points to a text that ends with NUL and lives for `'e`.
#[inline]
unsafe fn name<'e>(pointer: *const u8, at: u32) -> Result<Option<&'e str>, SyntaxError> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: promised by the caller.
    let text = unsafe { CStr::from_ptr(pointer.cast()) };
    text.to_str().map(Some).map_err(|_| SyntaxError::new("a tag is not UTF-8", at))
}

impl EventSource for Libyaml<'_> {
    #[inline]
    fn next(&mut self) -> Result<Placed<'_>, SyntaxError> {
        self.delete_event();
        // SAFETY: the parser is initialised; `yaml_parser_parse` clears the event first and on success leaves it
        // initialised; on failure it holds nothing to free.
        if unsafe { unsafe_sys::yaml_parser_parse(self.parser.as_ptr(), self.event.as_mut_ptr()) }.fail {
            return Err(self.error());
        }
        // SAFETY: initialised just now.
        let raw = unsafe { self.event.assume_init_ref() };
        self.live = owns_blocks(raw);
        let (start, end) = (self.offset(raw.start_mark), self.offset(raw.end_mark));
        // SAFETY (all below): `type_` says which member of the union is set. Its pointers are null or point to heap
        // blocks that belong to the event and so live until `delete_event`; names end with NUL, and a scalar's value has
        // `length` bytes.
        let event = match raw.type_ {
            unsafe_sys::YAML_STREAM_START_EVENT => Event::StreamStart,
            unsafe_sys::YAML_DOCUMENT_START_EVENT => Event::DocumentStart,
            unsafe_sys::YAML_DOCUMENT_END_EVENT => Event::DocumentEnd,
            unsafe_sys::YAML_ALIAS_EVENT => {
                Event::Alias(unsafe { name(raw.data.alias.anchor, start) }?.unwrap_or_default())
            }
            unsafe_sys::YAML_SCALAR_EVENT => unsafe {
                let scalar = &raw.data.scalar;
                let bytes = std::slice::from_raw_parts(scalar.value, scalar.length as usize);
                // Nearly all are ASCII, which is told faster.
                let value = if bytes.is_ascii() {
                    std::str::from_utf8_unchecked(bytes)
                } else {
                    std::str::from_utf8(bytes)
                        .map_err(|_| SyntaxError::new("the text is not UTF-8", start))?
                };
                let (anchor, tag) = (name(scalar.anchor, start)?, name(scalar.tag, start)?);
                Event::Scalar(Scalar { anchor, tag: specific(tag), value, plain: scalar.plain_implicit })
            },
            unsafe_sys::YAML_SEQUENCE_START_EVENT => unsafe {
                let list = &raw.data.sequence_start;
                let flow = list.style == unsafe_sys::YAML_FLOW_SEQUENCE_STYLE;
                let (anchor, tag) = (name(list.anchor, start)?, name(list.tag, start)?);
                Event::SequenceStart(Collection { anchor, tag: specific(tag), flow })
            },
            unsafe_sys::YAML_MAPPING_START_EVENT => unsafe {
                let map = &raw.data.mapping_start;
                let flow = map.style == unsafe_sys::YAML_FLOW_MAPPING_STYLE;
                let (anchor, tag) = (name(map.anchor, start)?, name(map.tag, start)?);
                Event::MappingStart(Collection { anchor, tag: specific(tag), flow })
            },
            unsafe_sys::YAML_SEQUENCE_END_EVENT => Event::SequenceEnd,
            unsafe_sys::YAML_MAPPING_END_EVENT => Event::MappingEnd,
            // `YAML_NO_EVENT` comes after the end of the stream.
            _ => Event::StreamEnd,
        };
        Ok(Placed { event, start, end })
    }
}

/// Whether the event may have heap blocks that must be freed.
fn owns_blocks(event: &unsafe_sys::yaml_event_t) -> bool {
    // SAFETY: `type_` says which member of the union is set.
    unsafe {
        match event.type_ {
            unsafe_sys::YAML_SEQUENCE_END_EVENT | unsafe_sys::YAML_MAPPING_END_EVENT => false,
            unsafe_sys::YAML_SEQUENCE_START_EVENT => {
                let list = &event.data.sequence_start;
                !list.anchor.is_null() || !list.tag.is_null()
            }
            unsafe_sys::YAML_MAPPING_START_EVENT => {
                let map = &event.data.mapping_start;
                !map.anchor.is_null() || !map.tag.is_null()
            }
            _ => true,
        }
    }
}

/// Without the non-specific tag `!`, which says nothing for collections and makes scalars follow the plain rules.
fn specific(tag: Option<&str>) -> Option<&str> {
    tag.filter(|tag| *tag != "!")
}

impl Drop for Libyaml<'_> {
    fn drop(&mut self) {
        self.delete_event();
        // SAFETY: the block came from a box of this layout in `new`, the parser in it is initialised, and nothing uses it
        // hereafter.
        unsafe {
            unsafe_sys::yaml_parser_delete(self.parser.as_ptr());
            drop(Box::from_raw(self.parser.as_ptr().cast::<MaybeUninit<unsafe_sys::yaml_parser_t>>()));
        }
    }
}

//! The libyaml port alone, as a program in C would drive it: parse, look, delete.

use std::mem::MaybeUninit;
use unsafe_libyaml_norway as unsafe_sys;

/// How many events the text has and how many bytes its scalars; `None` where the port refuses the text.
pub fn events(text: &str) -> Option<(usize, u64)> {
    let mut parser = Box::<unsafe_sys::yaml_parser_t>::new_uninit();
    let mut event = MaybeUninit::<unsafe_sys::yaml_event_t>::uninit();
    let (mut events, mut bytes) = (0, 0);
    // SAFETY: the parser stays where it is in its box, and is initialised before anything else is asked of it; the text
    // outlives it. An event is initialised by a parse that succeeds, looked at, and deleted before the next one; `type_`
    // says which member of its union is set.
    unsafe {
        let parser = parser.as_mut_ptr();
        if unsafe_sys::yaml_parser_initialize(parser).fail {
            return None;
        }
        unsafe_sys::yaml_parser_set_encoding(parser, unsafe_sys::YAML_UTF8_ENCODING);
        unsafe_sys::yaml_parser_set_input_string(parser, text.as_ptr(), text.len() as u64);
        let whole = loop {
            if unsafe_sys::yaml_parser_parse(parser, event.as_mut_ptr()).fail {
                break false;
            }
            let found = event.assume_init_ref();
            events += 1;
            if found.type_ == unsafe_sys::YAML_SCALAR_EVENT {
                bytes += found.data.scalar.length;
            }
            let end = found.type_ == unsafe_sys::YAML_STREAM_END_EVENT;
            unsafe_sys::yaml_event_delete(event.as_mut_ptr());
            if end {
                break true;
            }
        };
        unsafe_sys::yaml_parser_delete(parser);
        whole.then_some((events, bytes))
    }
}

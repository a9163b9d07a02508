//! Who hears of a proof's stages: a function of the worker's.

use std::cell::RefCell;
use tessera_proving::Event;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

thread_local! {
    static LISTENER: RefCell<Option<js_sys::Function>> = const { RefCell::new(None) };
}

/// Calls `listener(event, stage)` from now on: `"started"`, `"advanced"` and `"finished"` with the name of a
/// stage, `"panic"` with a place in the source.
#[wasm_bindgen]
pub fn listen(listener: js_sys::Function) {
    LISTENER.with(|place| *place.borrow_mut() = Some(listener));
}

pub fn tell(event: &str, what: &str) {
    LISTENER.with(|place| {
        if let Some(listener) = &*place.borrow() {
            // A listener that throws has nobody to tell.
            let _ = listener.call2(&JsValue::NULL, &event.into(), &what.into());
        }
    });
}

/// A [`Report`](tessera_proving::Report).
pub fn report(event: Event) {
    match event {
        Event::Started { stage, .. } => tell("started", stage.name()),
        Event::Advanced { stage } => tell("advanced", stage.name()),
        Event::Finished { stage } => tell("finished", stage.name()),
    }
}

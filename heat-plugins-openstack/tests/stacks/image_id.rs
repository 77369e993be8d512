//! An image under an id that the template gives cannot be replaced: Glance never gives an id again. The update fails
//! before anything happens to the image.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use heat_engine::Update;
use serde_json::{Value, json};

use super::{Ground, ROLLBACK, STOP, delete, must_be, parsed, template, update};

/// A UUID that no run before had.
fn new_id() -> String {
    let random = |salt: u8| RandomState::new().hash_one(salt);
    let (high, low) = (random(1), random(2));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high & 0xffff,
        high >> 16 & 0xfff,
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff
    )
}

/// Tries it.
pub(crate) async fn try_given_id(ground: &Ground) {
    let id = new_id();
    let image = |min_disk: u32| -> Value {
        template(
            json!({"image": {"type": "OS::Glance::WebImage", "properties": {"name": ground.name("image"), "id": id,
            "location": ground.site.image_url, "disk_format": "raw", "container_format": "bare", "min_disk": min_disk}}}),
        )
    };
    let stack = ground.create(&image(0)).await;
    let is_untouched = async || {
        let made = ground.made().await;
        assert_eq!(made.counts(), BTreeMap::from([("images", 1)]));
        let shown = made.showing("images", &json!({"id": id, "min_disk": 0, "status": "active"}));
        assert_eq!(shown.len(), 1, "{:#?}", made.of("images"));
    };
    is_untouched().await;

    update(&stack, &image(1), ROLLBACK, "ROLLBACK_COMPLETE").await;
    is_untouched().await;

    stack.update(Update::to(parsed(&image(1))).on_failure(STOP)).await.unwrap();
    let view = stack.finished().await.unwrap();
    must_be("UPDATE_FAILED", &view);
    assert!(view.stack_status_reason.contains("never gives an id again"), "{}", view.stack_status_reason);
    is_untouched().await;
    update(&stack, &image(0), STOP, "UPDATE_COMPLETE").await;
    is_untouched().await;

    delete(&stack).await;
    assert_eq!(ground.made().await.counts(), BTreeMap::new(), "nothing is left");
}

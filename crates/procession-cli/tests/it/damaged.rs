//! What is wrong with a file is told with what helps.

use std::fs;

use crate::{broken_shop::BrokenShop, programs::Folder};

/// A store that opens, and whose log cannot be read any more. Its first pages hold the settings.
fn damaged_store() -> Folder {
    let BrokenShop { folder, shop, .. } = BrokenShop::open();
    folder.procession(&["backup", "backup.db"]).ended_with(0);
    shop.stop();
    let mut bytes = fs::read(folder.path("shop.db")).unwrap();
    let log = bytes.windows(7).rposition(|it| it == b"product").unwrap() / 4096 * 4096;
    bytes[log..log + 4096].fill(0xEE);
    fs::write(folder.path("shop.db"), bytes).unwrap();
    folder
}

#[test]
fn a_damaged_store_is_not_sent_in_circles_but_to_its_backup() {
    let folder = damaged_store();

    let verified = folder.procession(&["verify"]);
    assert!(verified.stderr.contains("procession restore"), "{verified:?}");
    assert!(!verified.stderr.contains("procession verify"), "{verified:?}");
    verified.ended_with(3);
    let backed_up = folder.procession(&["backup", "copy.db"]);
    assert!(backed_up.stderr.contains("cannot be copied"), "{backed_up:?}");
    assert!(!backed_up.stderr.contains("folder"), "the folder is not to blame: {backed_up:?}");
    backed_up.ended_with(3);
    folder.procession(&["restore", "backup.db"]).ended_with(0);
    folder.procession(&["verify"]).ended_with(0);
}

#[test]
fn a_message_within_a_process_is_told_from_a_process() {
    let BrokenShop { folder, ink, .. } = BrokenShop::open();
    let within = (ink + 1).to_string();

    for arguments in
        [&["show", &within][..], &["export", "--process", &within], &["timers", "list", "--process", &within]]
    {
        let ran = folder.procession(arguments);
        assert!(ran.stderr.contains(&format!("belongs to process {ink}")), "{ran:?}");
        ran.ended_with(2);
    }
}

//! Backups come back, whatever lies where the store was.

use std::fs;

use crate::{broken_shop::BrokenShop, programs::Folder};

/// The files of the folder that a restoring has moved aside, or left behind.
fn files_with(folder: &Folder, part: &str) -> Vec<String> {
    let files = fs::read_dir(folder.path("")).unwrap();
    let mut names: Vec<_> = files.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|it| it.contains(part));
    names.sort();
    names
}

fn entries(folder: &Folder) -> u64 {
    folder.procession(&["verify", "--json"]).json(0)["entries"].as_u64().unwrap()
}

#[test]
fn a_backup_takes_the_place_of_a_store_that_was_killed_and_nothing_of_that_comes_back() {
    let BrokenShop { folder, shop, .. } = BrokenShop::open();
    folder.procession(&["backup", "backup.db"]).ended_with(0);
    let backed_up = entries(&folder);
    shop.order("cart-3", "pen");
    shop.kill();
    let killed = entries(&folder);
    assert!(killed > backed_up, "something was written after the backup");

    let restored = folder.procession(&["restore", "backup.db", "--json"]).json(0);

    assert_eq!(restored["result"], "done", "{restored}");
    assert_eq!(entries(&folder), backed_up);
    let aside = files_with(&folder, "replaced");
    assert!(aside.iter().any(|it| it.ends_with("-wal")), "its changes lie beside the old store: {aside:?}");
    let old = format!("sqlite:{}", aside.first().unwrap());
    let of_old = folder.procession(&["verify", "--json", "--store", &old]).json(0);
    assert_eq!(of_old["entries"], killed, "the old store is whole where it is now");
    assert_eq!(files_with(&folder, "-resto"), Vec::<String>::new());
}

#[test]
fn a_backup_is_not_restored_into_what_is_in_use_or_from_what_is_broken() {
    let BrokenShop { folder, shop, .. } = BrokenShop::open();
    folder.procession(&["backup", "backup.db"]).ended_with(0);

    let in_use = folder.procession(&["restore", "backup.db"]);
    assert!(in_use.stderr.contains("is in use"), "{in_use:?}");
    in_use.ended_with(3);
    shop.stop();
    let head = entries(&folder);
    folder.procession(&["restore", "shop.db"]).ended_with(2);
    folder.procession(&["restore", "nothing.db"]).ended_with(3);
    let mut bytes = fs::read(folder.path("backup.db")).unwrap();
    bytes[4096..].fill(0xEE);
    fs::write(folder.path("broken.db"), bytes).unwrap();
    folder.procession(&["restore", "broken.db"]).ended_with(3);

    assert_eq!((entries(&folder), files_with(&folder, "replaced")), (head, Vec::new()));
}

#[test]
fn a_restoring_that_would_be_done_is_said_and_not_done() {
    let BrokenShop { folder, shop, .. } = BrokenShop::open();
    folder.procession(&["backup", "backup.db"]).ended_with(0);
    shop.kill();
    let head = entries(&folder);

    let said = folder.procession(&["restore", "backup.db", "--dry-run"]).ended_with(0);

    assert!(said.contains("would be moved aside: shop.db-wal"), "{said}");
    assert_eq!((entries(&folder), files_with(&folder, "replaced")), (head, Vec::new()));
}

#[test]
fn a_store_that_was_moved_by_hand_without_its_changes_is_restored_without_them() {
    let BrokenShop { folder, shop, .. } = BrokenShop::open();
    folder.procession(&["backup", "backup.db"]).ended_with(0);
    let backed_up = entries(&folder);
    shop.order("cart-3", "pen");
    shop.kill();
    fs::rename(folder.path("shop.db"), folder.path("broken.db")).unwrap();

    let alone = folder.procession(&["status", "--store", "sqlite:broken.db"]);
    assert!(alone.stderr.contains("`-wal` file is missing"), "{alone:?}");
    alone.ended_with(3);
    folder.procession(&["restore", "backup.db"]).ended_with(0);

    assert_eq!(entries(&folder), backed_up);
}

#[test]
fn a_restoring_that_was_killed_half_way_keeps_everybody_out_until_it_is_done_again() {
    let BrokenShop { folder, shop, .. } = BrokenShop::open();
    folder.procession(&["backup", "backup.db"]).ended_with(0);
    let backed_up = entries(&folder);
    shop.kill();
    fs::copy(folder.path("backup.db"), folder.path("shop.db-restoring")).unwrap();
    fs::rename(folder.path("shop.db"), folder.path("aside.db")).unwrap();

    let half = folder.procession(&["status"]);
    assert!(half.stderr.contains("was being restored"), "{half:?}");
    half.ended_with(3);
    folder.procession(&["restore", "backup.db"]).ended_with(0);

    assert_eq!(entries(&folder), backed_up);
}

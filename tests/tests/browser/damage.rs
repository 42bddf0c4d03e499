//! Somebody has changed what a node has stored.

use crate::driver::DESK;
use crate::house::House;

/// Proof 7.
#[tokio::test(flavor = "multi_thread")]
async fn one_stored_byte_that_was_changed_turns_the_seal_red_and_fails_the_check() {
    let mut house = House::build().await;
    let before = house.community.journal();
    let (id, _) = house.reported("消防栓没有水").await;
    let after = house.community.journal();
    // More follows, so that the change is no torn end.
    for title in ["路灯不亮", "垃圾满溢"] {
        house.reported(title).await;
    }
    let (file, from, to) = after
        .iter()
        .find_map(|(file, bytes)| {
            let from = before.get(file).map_or(0, Vec::len);
            (bytes.len() > from).then(|| (file.clone(), from, bytes.len()))
        })
        .expect("the report is in the journal");
    house.community.stop().await;
    let mut bytes = std::fs::read(&file).expect("the journal can be read");
    bytes[(from + to) / 2] ^= 1;
    std::fs::write(&file, bytes).expect("the journal can be changed");
    let data = file.parent().and_then(|journal| journal.parent()).expect("a data folder");
    let checked = house.community.command(&["verify", &data.display().to_string()]).await;
    assert!(!checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    house.community.start().await;
    let browser = house.signed_in(DESK, "dispatcher").await;
    browser.open(&format!("/cases/{id}")).await;
    let seal = browser.words("#timeline [data-seal=failed] .seal").await;
    assert!(seal.contains("验证失败"), "{seal}");
    browser.close().await;
    let operator = house.signed_in(DESK, "admin").await;
    operator.open("/operator/doctor").await;
    let finding = operator.words("[data-finding=journal][data-state=wrong]").await;
    assert!(finding.contains("账本被改动或损坏") && finding.contains("备份"), "{finding}");
    operator.close().await;
    let doctor = house.community.command(&["doctor", "--json"]).await;
    let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(!doctor.status.success() && told.contains("账本被改动或损坏"), "{told}");
}

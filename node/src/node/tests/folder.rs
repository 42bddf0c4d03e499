//! Data folders: refused, locked, left in order.

use super::*;

fn refused(site: &Site, started: Result<Running, StartError>) -> StartError {
    match started {
        Ok(_) => panic!("{} starts", site.config.data.display()),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_no_federation_says_how_to_get_into_one() {
    let site = Site::new();
    let error = refused(&site, Node::start(site.config.clone()).await);
    assert!(matches!(error, StartError::Identity(IdentityError::Missing { .. })));
    assert!(error.to_string().contains("wangge join TOKEN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_use_is_refused_and_the_one_who_uses_it_not_disturbed() {
    let county = Site::county();
    let above = county.start().await;
    let error = refused(&county, Node::start(county.config.clone()).await);
    assert!(matches!(error, StartError::Store(store::OpenError::Busy { .. })));
    let summary: Summary = file::read(&county.folder().running()).unwrap().unwrap();
    assert_eq!(summary, *above.summary());
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_leaves_nothing_running() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut county = Site::county();
    county.config.http.listen = held.local_addr().unwrap();
    let error = refused(&county, Node::start(county.config.clone()).await);
    assert!(matches!(&error, StartError::Port(port) if port.key == "http.listen"));
    assert!(!county.folder().running().exists());
    county.config.ports.next_free = true;
    let above = county.start().await;
    assert!(!above.url().ends_with(&format!(":{}", held.local_addr().unwrap().port())));
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_note_that_a_node_runs_goes_when_it_stops() {
    let county = Site::county();
    let above = county.start().await;
    let summary: Summary = file::read(&county.folder().running()).unwrap().unwrap();
    assert_eq!(summary.pid, std::process::id());
    assert_eq!(summary.name, "歙县");
    above.stop().await;
    assert!(!county.folder().running().exists());
    let last: Last = file::read(&county.folder().last()).unwrap().unwrap();
    assert_eq!(last.addresses, summary.addresses);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_interfaces_address_is_written_down_as_it_comes() {
    let mut county = Site::county();
    county.config.network.listen = vec!["/ip4/0.0.0.0/tcp/0".to_owned()];
    let above = county.start().await;
    until("all are noted", || async {
        let summary: Option<Summary> = file::read(&county.folder().running()).unwrap();
        let wanted = listen::told(above.network().addresses().await);
        summary.is_some_and(|summary| summary.addresses == wanted)
    })
    .await;
    above.stop().await;
    let last: Last = file::read(&county.folder().last()).unwrap().unwrap();
    assert!(!last.addresses.is_empty(), "that it stopped is no reason to forget them");
}

#[test]
fn an_operator_is_made_once_and_only_with_a_role_that_can_run_a_node() {
    let county = Site::county();
    let token = std::fs::read(county.folder().operator_token()).unwrap();
    assert_eq!(token.len(), 64);
    assert_eq!(county.install(), Installed::Known);
    assert_eq!(std::fs::read(county.folder().operator_token()).unwrap(), token);
    // One that is gone, as after a restore, or that the node takes no more, is written anew.
    for other in [None, Some([b'0'; 64])] {
        match other {
            None => std::fs::remove_file(county.folder().operator_token()).unwrap(),
            Some(text) => std::fs::write(county.folder().operator_token(), text).unwrap(),
        }
        assert_eq!(county.install(), Installed::Known);
        let again = std::fs::read(county.folder().operator_token()).unwrap();
        assert!(again != token && again != [b'0'; 64]);
    }
    let policy = county.config.policy.load().unwrap();
    let error = operator("grid_worker").check(&policy).unwrap_err().to_string();
    assert!(error.contains("grid_worker") && error.ends_with("such roles are: operator"));
    assert!(operator("operator").check(&policy).is_ok());
    let short = Operator { password: Zeroizing::new("short".into()), ..operator("operator") };
    assert!(short.check(&policy).is_err());
    let odd = Operator { login: "Admin!".into(), ..operator("operator") };
    assert!(odd.check(&policy).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_sound_to_others_stopped_or_running_and_a_changed_byte_is_found() {
    let county = Site::county();
    let (cold, warm) = (county._folder.path().join("cold"), county._folder.path().join("warm"));
    crate::export::export(&county.config, &cold).unwrap();
    let report = crate::verify::verify(&cold).unwrap();
    assert!(report.is_sound(), "{report}");
    assert!(report.log.is_some_and(|log| log.count >= 2), "person and appointment");
    let above = county.start().await;
    county.invite("徽城镇").await;
    assert!(matches!(
        crate::verify::verify(&county.config.data),
        Err(crate::verify::VerifyError::Store(store::VerifyError::Busy { .. }))
    ));
    assert!(crate::export::export(&county.config, &warm).unwrap().live);
    let report = crate::verify::verify(&warm).unwrap();
    assert!(report.is_sound(), "{report}");
    above.stop().await;
    assert!(crate::verify::verify(&county.config.data).unwrap().is_sound());
    let name = files(&cold).into_iter().find(|name| name.starts_with("journal/")).unwrap();
    let mut bytes = std::fs::read(cold.join(&name)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(cold.join(&name), bytes).unwrap();
    assert!(!crate::verify::verify(&cold).unwrap().is_sound());
}

#[test]
fn an_export_holds_no_key_and_no_second_one_takes_its_place() {
    let county = Site::county();
    let to = county._folder.path().join("export");
    let exported = crate::export::export(&county.config, &to).unwrap();
    assert!(exported.bytes > 0 && !exported.live);
    let names: Vec<String> = files(&to);
    assert!(names.iter().any(|name| name.starts_with("journal/")), "{names:?}");
    assert!(names.contains(&"identity.json".to_owned()));
    assert!(names.iter().all(|name| !name.contains("key") && !name.contains("token")), "{names:?}");
    let again = crate::export::export(&county.config, &to);
    assert!(matches!(again, Err(crate::export::ExportError::Exists { .. })));
}

fn files(under: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(under).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|inner| format!("{name}/{inner}")));
        } else {
            found.push(name);
        }
    }
    found
}

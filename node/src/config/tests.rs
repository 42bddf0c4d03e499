use std::path::Path;
use std::time::Duration;

use super::*;
use crate::log::{Format, Level};

fn file(text: &str) -> Layer {
    Layer::text(Path::new("/etc/wangge/wangge.toml"), text).unwrap()
}

fn environment(variables: &[(&str, &str)]) -> Layer {
    Layer::environment(variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
}

fn flags(pairs: &[(&str, &str)]) -> Layer {
    let flag = |(key, value): &(&str, &str)| {
        ((*key).to_owned(), (*value).to_owned(), format!("--set {key}"))
    };
    Layer::flags(pairs.iter().map(flag))
}

fn error(layers: Vec<Layer>) -> String {
    load(layers).err().expect("it is refused").to_string()
}

#[test]
fn nothing_set_gives_the_defaults() {
    assert_eq!(load(Vec::new()).unwrap().config, Config::default());
}

#[test]
fn flags_come_before_the_environment_and_that_before_the_file() {
    let text = "[log]\nlevel = \"warn\"\nformat = \"json\"\n[shutdown]\ndeadline = \"3s\"\n";
    let layers = vec![
        file(text),
        environment(&[("WANGGE_LOG__LEVEL", "debug"), ("WANGGE_SHUTDOWN__DEADLINE", "4s")]),
        flags(&[("log.level", "trace")]),
    ];
    let config = load(layers).unwrap().config;
    assert_eq!(config.log.format, Format::Json, "from the file");
    assert_eq!(config.shutdown.deadline, Duration::from_secs(4), "from the environment");
    assert_eq!(config.log.level, Level::Trace, "from the flag");
}

#[test]
fn variables_and_flags_can_set_lists_numbers_and_nested_keys() {
    let layers = vec![
        environment(&[
            ("WANGGE_NETWORK__LISTEN", r#"["/ip4/127.0.0.1/tcp/0"]"#),
            ("WANGGE_NETWORK__CONNECTIONS__PER_PEER", "3"),
            ("WANGGE_PORTS__NEXT_FREE", "true"),
            ("WANGGE_CONFIG", "is not configuration"),
            ("HOME", "/root"),
        ]),
        flags(&[("http.listen", "127.0.0.1:0"), ("http.quota.reports", "[]")]),
    ];
    let refused = error(layers.clone());
    assert!(refused.contains("--set http.quota.reports"), "{refused}");
    let config = load(vec![layers[0].clone(), flags(&[("http.listen", "127.0.0.1:0")])]);
    let config = config.unwrap().config;
    assert_eq!(config.network.listen, ["/ip4/127.0.0.1/tcp/0"]);
    assert_eq!(config.network.connections.per_peer, 3);
    assert!(config.ports.next_free);
    assert_eq!(config.http.listen.port(), 0);
}

#[test]
fn an_unknown_key_is_named_with_its_source_and_what_may_be_meant() {
    let cases = [
        (file("[http]\nlisten_on = \"x\"\n"), "/etc/wangge/wangge.toml", "http.listen_on"),
        (file("[htpp]\nlisten = \"x\"\n"), "/etc/wangge/wangge.toml", "htpp"),
        (environment(&[("WANGGE_HTTP__LISTN", "x")]), "WANGGE_HTTP__LISTN", "http.listn"),
        (environment(&[("WANGGE_HTPP", "x")]), "WANGGE_HTPP", "htpp"),
        (flags(&[("network.backoff.frist", "1s")]), "--set", "network.backoff.frist"),
    ];
    for (layer, source, key) in cases {
        let refused = error(vec![file(""), layer]);
        assert!(refused.contains(source) && refused.contains(key), "{refused}");
        assert!(refused.contains("unknown key"), "{refused}");
        let helps = refused.contains("did you mean") || refused.contains("known here");
        assert!(helps, "{refused}");
    }
    let meant = error(vec![file("[http]\nlistn = \"x\"\n")]);
    assert!(meant.contains("did you mean \"listen\"?"), "{meant}");
}

#[test]
fn a_value_of_the_wrong_kind_is_named_with_key_value_and_what_would_be_right() {
    let cases = [
        ("[http]\nlisten = \"localhost\"\n", "http.listen", "localhost"),
        ("[http]\nlisten = 8480\n", "http.listen", "8480"),
        ("[http]\ntls = \"yes\"\n", "http.tls", "yes"),
        ("[http.quota]\nreports = { burst = 0, per_hour = 1 }\n", "http.quota.reports", "0"),
        ("[http]\norigin = \"grid.example\"\n", "http.origin", "grid.example"),
        ("[log]\nformat = \"xml\"\n", "log.format", "xml"),
        ("[log]\nlevel = \"loud\"\n", "log.level", "loud"),
        ("[shutdown]\ndeadline = \"10\"\n", "shutdown.deadline", "10"),
        ("[shutdown]\ndeadline = \"0s\"\n", "shutdown.deadline", "0s"),
        ("[shutdown]\ndeadline = \"1h\"\n", "shutdown.deadline", "1h"),
        ("[network]\nlisten = [\"localhost:80\"]\n", "network.listen[0]", "localhost:80"),
        ("[network.ping]\nfailures = 0\n", "network.ping.failures", "0"),
        ("[network.requests]\nburst = -1\n", "network.requests.burst", "-1"),
        ("[parent]\naddresses = [\"/ip4/1.2.3.4/tcp/1\"]\n", "parent.addresses[0]", "1.2.3.4"),
        ("data = 5\n", "data", "5"),
        ("policy = \"x.toml\"\n", "policy", "x.toml"),
    ];
    for (text, key, value) in cases {
        let refused = error(vec![file(text)]);
        assert!(refused.starts_with("/etc/wangge/wangge.toml: "), "{refused}");
        assert!(refused.contains(&format!("{key} = ")), "{refused}");
        assert!(refused.contains(value), "{refused}");
        let fix = refused.split("can't be used: ").nth(1).unwrap_or_default();
        assert!(!fix.is_empty(), "{refused}");
    }
    let listed = error(vec![file("[log]\nformat = \"xml\"\n")]);
    assert!(listed.contains("\"human\", \"json\""), "{listed}");
}

#[test]
fn the_strongest_source_of_a_wrong_value_is_blamed() {
    let layers =
        vec![file("[log]\nlevel = \"warn\"\n"), environment(&[("WANGGE_LOG__LEVEL", "loud")])];
    assert!(error(layers).starts_with("WANGGE_LOG__LEVEL: log.level"));
}

#[test]
fn a_file_that_is_no_toml_is_named_with_the_place() {
    let wrong = Layer::text(Path::new("/x/wangge.toml"), "[http\n").unwrap_err();
    assert!(wrong.to_string().contains("/x/wangge.toml"));
    let source = std::error::Error::source(&wrong).unwrap().to_string();
    assert!(source.contains("line 1"), "{source}");
}

#[test]
fn a_missing_or_huge_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wangge.toml");
    assert!(matches!(Layer::file(&path), Err(ConfigError::Unreadable { .. })));
    std::fs::write(&path, vec![b'#'; 300 * 1024]).unwrap();
    assert!(matches!(Layer::file(&path), Err(ConfigError::TooLarge { .. })));
}

#[test]
fn paths_in_a_file_are_relative_to_it_and_others_to_the_working_directory() {
    let text = "data = \"d\"\n[policy]\nfile = \"p.toml\"\n[calendar]\nfiles = [\"/c.json\"]\n";
    let config = load(vec![file(text)]).unwrap().config;
    assert_eq!(config.data, Path::new("/etc/wangge/d"));
    assert_eq!(config.policy.file.as_deref(), Some(Path::new("/etc/wangge/p.toml")));
    assert_eq!(config.calendar.files, [Path::new("/c.json")]);
    let config = load(vec![file(text), flags(&[("data", "here")])]).unwrap().config;
    assert_eq!(config.data, Path::new("here"));
}

#[test]
fn every_value_in_force_is_explained_with_its_source() {
    let layers = vec![
        file("[log]\nlevel = \"warn\"\n"),
        environment(&[("WANGGE_HTTP__TLS", "true")]),
        flags(&[("ports.next_free", "true")]),
    ];
    let text = explain(&load(layers).unwrap());
    assert!(text.contains("log.level = \"warn\"  # /etc/wangge/wangge.toml\n"), "{text}");
    assert!(text.contains("http.tls = true  # WANGGE_HTTP__TLS\n"), "{text}");
    assert!(text.contains("ports.next_free = true  # --set ports.next_free\n"), "{text}");
    assert!(text.contains("network.ping.interval = \"15s\"  # built-in default\n"), "{text}");
}

/// The samples in `config/`, each with the policy that it names.
#[test]
fn every_sample_loads_with_the_policy_that_it_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    for name in ["county", "township", "community", "unit"] {
        let path = folder.join(format!("{name}.toml"));
        let config = load(vec![Layer::file(&path).unwrap()]).unwrap().config;
        assert!(config.policy.file.is_some(), "{name} names a policy");
        assert_eq!(config.policy.load().unwrap().key, "she-county", "{name}");
        config.calendar.load().unwrap();
        assert!(config.data.ends_with(name), "{name} has a data folder of its own");
    }
}

#[test]
fn the_configuration_that_init_writes_loads_and_lies_in_its_data_folder() {
    let text = include_str!("../cli/starting.toml");
    let config = load(vec![file(text)]).unwrap().config;
    assert_eq!(config.data, Path::new("/etc/wangge/."));
    assert_eq!(config.http, Http::default());
    assert_eq!(config.network, network::Config::default());
    assert!(config.policy.load().is_ok());
}

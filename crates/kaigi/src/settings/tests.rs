use std::collections::BTreeSet;

use clap::{CommandFactory, Parser};

use super::keys::nearest;
use super::*;
use crate::cli::Cli;

const EXAMPLE: &str = include_str!("../../../../kaigi.example.toml");

/// Loads a file, variables and flags; the file is called `kaigi.toml` in a folder of its own.
fn load(file: &str, variables: &[(&str, &str)], flags: &[&str]) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kaigi.toml");
    std::fs::write(&path, file).unwrap();
    let cli = Cli::try_parse_from(["kaigi"].iter().chain(flags)).unwrap();
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    Loaded::read(&cli.flags, Some(&path), variables)
}

/// The problems, with the scratch folder's name taken out.
fn problems(file: &str, variables: &[(&str, &str)], flags: &[&str]) -> Vec<String> {
    let problems = load(file, variables, flags).problems;
    problems
        .iter()
        .map(|problem| {
            let text = problem.to_string();
            assert!(!text.contains('\n'), "one line: {text}");
            text.find("kaigi.toml:").map_or(text.clone(), |at| text[at..].to_owned())
        })
        .collect()
}

fn only_problem(file: &str) -> String {
    let found = problems(file, &[], &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

/// The example with every `#key = value` line put into effect.
fn uncommented_example() -> String {
    let lines = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => setting,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_documents_every_key_and_its_values_are_the_defaults() {
    let example = uncommented_example();
    let table: toml::Table = example.parse().unwrap();
    let documented: BTreeSet<&str> = table.keys().map(String::as_str).collect();
    let known: BTreeSet<&str> = KEYS.iter().map(|key| key.name).collect();
    assert_eq!(documented, known);
    let loaded = load(&example, &[], &[]);
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.settings, Settings::default());
    assert_eq!(load(EXAMPLE, &[], &[]).settings, Settings::default());
}

#[test]
fn every_key_exists_as_flag_variable_and_file_key_and_each_reaches_its_setting() {
    let command = Cli::command();
    let flags: BTreeSet<&str> = command.get_arguments().filter_map(|flag| flag.get_long()).collect();
    let mut known: BTreeSet<&str> = KEYS.iter().map(|key| key.name).collect();
    known.extend(["config"]);
    assert_eq!(
        flags.difference(&BTreeSet::from(["help", "version"])).copied().collect::<BTreeSet<_>>(),
        known
    );

    for key in KEYS {
        let value = other_than_default(key.name);
        let from_flag = load("", &[], &[&format!("--{}={value}", key.name)]);
        let from_variable = load("", &[(&key.variable(), &value)], &[]);
        let from_file = load(&format!("{} = {}", key.name, toml::Value::from(value)), &[], &[]);
        let sources =
            [(from_flag, Origin::Flag(key.name)), (from_variable, Origin::Variable(key.variable()))];
        for (loaded, origin) in sources {
            let changed = loaded.settings.changed();
            assert_eq!(changed.iter().map(|(key, _)| key.name).collect::<Vec<_>>(), [key.name]);
            assert_eq!(loaded.origin(key), origin);
        }
        assert_eq!(from_file.settings.changed().len(), 1, "{}", key.name);
        assert!(matches!(from_file.origin(key), Origin::File { line: 1, .. }), "{}", key.name);
    }
}

/// A value for each key, absolute where it is a path so that the file's folder does not matter.
fn other_than_default(name: &str) -> String {
    match name {
        "listen" => "127.0.0.1:9000",
        "tls" => "off",
        "trust-proxy" => "10.0.0.0/8",
        "public-address" => "203.0.113.7",
        "http-redirect" => "0.0.0.0:80",
        "allow-origin" => "https://www.example.org",
        "frame-ancestors" => "'none'",
        "media-threads" => "61",
        "drain-timeout"
        | "max-rooms"
        | "max-participants"
        | "room-capacity"
        | "log-keep"
        | "turn-max-allocations" => "5",
        "turn-allocations-per-credential" => "64",
        "turn-bandwidth-per-credential" | "turn-bandwidth-per-address" => "2Mbit/s",
        "ice-server" => "stun:stun.example.org",
        "turn-user" => "ann:secret",
        "turn-allow-peer" | "turn-deny-peer" => "10.1.0.0/16",
        "log-level" => "warn",
        "log-format" => "json",
        "log-rotation" => "never",
        "log-max-size" => "1MB",
        "site-dir" => "/",
        "acme" => "meet.example.org",
        "acme-contact" => "admin@example.org",
        "access" => "token",
        "token-secret" => "app:0123456789abcdef0123456789abcdef",
        "token-public-key" => "app:/etc/kaigi/app.pem",
        "webhook" => "https://app.example.org/kaigi",
        "acme-directory" => "https://acme.example.org/directory",
        _ => "/anything",
    }
    .to_owned()
}

#[test]
fn acme_contradicts_other_sources_of_a_certificate() {
    let with = |flags: &[&str]| problems("acme = ['meet.example.org']", &[], flags);
    assert_eq!(with(&[]), Vec::<String>::new());
    assert_eq!(with(&["--tls-cert=c.pem", "--tls-key=k.pem"]).len(), 1);
    assert!(with(&["--tls-cert=c.pem", "--tls-key=k.pem"])[0].contains("acme: contradicts `tls-cert`"));
    assert!(with(&["--tls=off"])[0].contains("kaigi.toml:1:8: acme: contradicts `tls = \"off\"`"));
    let idle = load("acme-contact = 'admin@example.org'", &[], &[]);
    assert!(idle.warnings.iter().any(|warning| warning.contains("acme-contact has no effect without acme")));
}

#[test]
fn only_what_a_public_authority_can_prove_is_a_host_for_acme() {
    for host in ["meet.example.org", "xn--fiqs8s.example", "a-b.c"] {
        assert_eq!(problems("", &[], &[&format!("--acme={host}")]), Vec::<String>::new(), "{host}");
    }
    assert_eq!(load("", &[], &["--acme=Meet.Example.Org"]).settings.acme, ["meet.example.org"]);
    for host in ["localhost", "203.0.113.7", "*.example.org", "会议.example.org", "-a.b", "a..b", "a.b:443"]
    {
        assert_eq!(problems("", &[], &[&format!("--acme={host}")]).len(), 1, "{host}");
    }
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let file = "max-rooms = 1\nmax-participants = 1\nlog-keep = 1";
    let variables = [("KAIGI_MAX_ROOMS", "2"), ("KAIGI_MAX_PARTICIPANTS", "2")];
    let settings = load(file, &variables, &["--max-rooms=3"]).settings;
    assert_eq!((settings.max_rooms, settings.max_participants, settings.log_keep), (3, 2, 1));
}

#[test]
fn lists_come_from_repeated_flags_commas_and_arrays_and_a_stronger_source_replaces_them() {
    let two: Vec<IpAddr> = vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
    let file = r#"public-address = ["192.0.2.1", "2001:db8::1"]"#;
    assert_eq!(load(file, &[], &[]).settings.public_address, two);
    let variable = [("KAIGI_PUBLIC_ADDRESS", "192.0.2.1, 2001:db8::1,")];
    assert_eq!(load("", &variable, &[]).settings.public_address, two);
    let flags = ["--public-address=192.0.2.1", "--public-address", "2001:db8::1"];
    assert_eq!(load("", &[], &flags).settings.public_address, two);
    assert_eq!(load(file, &[], &["--public-address=192.0.2.9"]).settings.public_address.len(), 1);
    assert_eq!(load("public-address = '192.0.2.1'", &[], &[]).settings.public_address, two[..1]);
}

#[test]
fn an_empty_variable_is_not_set() {
    let variables = [("KAIGI_LISTEN", ""), ("KAIGI_TLS_CERT", ""), ("KAIGI_MAX_ROOMS", " ")];
    let loaded = load("", &variables, &[]);
    assert_eq!((loaded.problems, loaded.settings), (vec![], Settings::default()));
}

#[test]
fn a_wrong_value_names_line_and_column_key_what_is_expected_and_what_was_found() {
    let wrong = only_problem("# a comment\nlisten = [\"0.0.0.0:8443\", \"0.0.0.0\"]");
    assert!(wrong.starts_with("kaigi.toml:2:27: listen: expected an address with a port"), "{wrong}");
    assert!(wrong.ends_with(r#"found "0.0.0.0""#), "{wrong}");
    let wrong = only_problem("max-rooms = -1");
    assert_eq!(wrong, r#"kaigi.toml:1:13: max-rooms: expected a whole number from 1, found "-1""#);
    let wrong = only_problem("tls = ['on']");
    assert_eq!(wrong, "kaigi.toml:1:7: tls: expected one value, found a list");
    assert!(only_problem("[log-level]\nx = 1").contains("found a table"));
}

#[test]
fn wrong_flags_and_variables_are_named_as_they_were_given() {
    let wrong = problems("", &[("KAIGI_TLS", "yes")], &["--http-redirect=80"]);
    assert_eq!(wrong[0], r#"KAIGI_TLS: expected "on" or "off", found "yes""#);
    assert!(wrong[1].starts_with("--http-redirect: expected an address with a port"), "{wrong:?}");
}

#[test]
fn unknown_keys_name_the_nearest() {
    assert_eq!(
        only_problem("\nlisten_on = 'x'"),
        "kaigi.toml:2:1: unknown key `listen_on`, did you mean `listen`?"
    );
    assert_eq!(only_problem("lisen = 'x'"), "kaigi.toml:1:1: unknown key `lisen`, did you mean `listen`?");
    assert_eq!(
        only_problem("data_dir = 'x'"),
        "kaigi.toml:1:1: unknown key `data_dir`, did you mean `data-dir`?"
    );
    assert_eq!(only_problem("zzz = 1"), "kaigi.toml:1:1: unknown key `zzz`");
    assert_eq!(nearest("KAIGI_LISTN", ["KAIGI_LISTEN", "KAIGI_TLS"]), Some("KAIGI_LISTEN"));
}

#[test]
fn unknown_variables_are_a_warning_and_those_of_tests_are_not() {
    let loaded =
        load("", &[("KAIGI_LISTN", "x"), ("KAIGI_GENERATE", "1"), ("KAIGI_CONFIG", ""), ("HOME", "/")], &[]);
    assert_eq!(loaded.warnings, ["KAIGI_LISTN: unknown variable, did you mean KAIGI_LISTEN?"]);
    assert_eq!(loaded.problems, []);
}

#[test]
fn syntax_errors_have_a_place_and_hide_what_follows_from_them() {
    let wrong = only_problem("max-rooms = 5\nlisten = [\"0.0.0.0:1\"\nbroken");
    assert!(wrong.starts_with("kaigi.toml:3:1: "), "{wrong}");
    assert!(
        only_problem("tls = 'on'\ntls = 'off'").starts_with("kaigi.toml:2:1: "),
        "a key that is given twice"
    );
}

#[test]
fn all_mistakes_are_found_at_once() {
    let file = "listen = 'x'\nlog-level = 'loud'\nunknwon = 1";
    let wrong = problems(file, &[("KAIGI_LOG_KEEP", "many")], &["--max-rooms=0"]);
    assert_eq!(wrong.len(), 5, "{wrong:?}");
}

#[test]
fn a_certificate_without_key_and_a_key_without_certificate_are_refused() {
    assert!(
        only_problem("tls-cert = 'c.pem'").contains("kaigi.toml:1:12: tls-cert: is set but `tls-key` is not")
    );
    assert!(only_problem("tls-key = 'k.pem'").contains("is set but `tls-cert` is not"));
    assert_eq!(problems("tls-cert = 'c.pem'", &[], &["--tls-key=k.pem"]), Vec::<String>::new());
}

#[test]
fn what_has_no_effect_with_tls_off_is_a_warning() {
    let loaded = load("tls-cert = 'c'\ntls-key = 'k'", &[], &["--tls=off", "--http-redirect=0.0.0.0:80"]);
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.warnings.len(), 3, "{:?}", loaded.warnings);
    assert!(loaded.warnings[2].starts_with("--http-redirect: "), "{:?}", loaded.warnings);
    let options = loaded.settings.options("/d".into(), vec![], None);
    assert!(options.tls.is_none() && options.http_redirect.is_none());
}

#[test]
fn addresses_that_do_not_share_a_port_or_take_the_redirects_are_refused() {
    assert!(only_problem("listen = ['0.0.0.0:1', '[::]:2']").contains("share one port, found 1 and 2"));
    assert!(only_problem("listen = []").contains("at least one address"));
    assert!(only_problem("http-redirect = '0.0.0.0:8443'").contains("redirects plain HTTP by itself"));
}

#[test]
fn paths_in_the_file_start_from_its_folder_and_those_of_flags_from_the_working_folder() {
    let loaded =
        load("data-dir = 'data'\nlog-file = '~/k.log'", &[], &["--tls-cert=c.pem", "--tls-key=k.pem"]);
    let settings = loaded.settings;
    assert!(settings.data_dir.as_ref().unwrap().is_absolute());
    assert_eq!(settings.log_file.unwrap(), std::env::home_dir().unwrap().join("k.log"));
    assert_eq!(settings.tls_cert.unwrap(), Path::new("c.pem"));
}

#[test]
fn ice_servers_are_urls_or_tables_and_turn_needs_credentials() {
    let file = r#"
ice-server = [
  "stun:a.example",
  { urls = "turn:b.example", username = "u", credential = "c" },
  { urls = ["turns:c.example?transport=tcp"], username = "u", credential = "c" },
]"#;
    let servers = load(file, &[], &[]).settings.ice_server;
    assert_eq!(servers.iter().map(|server| server.urls.len()).collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(servers[1].credential.as_deref(), Some("c"));

    assert!(only_problem("ice-server = ['turn:a']").contains("needs username and credential"));
    assert!(
        only_problem("ice-server = ['http://a']").starts_with("kaigi.toml:1:15: ice-server: expected a URL")
    );
    let wrong = only_problem("[[ice-server]]\nurls = 'stun:a'\nuser = 'x'");
    assert_eq!(wrong, "kaigi.toml:3:8: ice-server: unknown key `user`, did you mean `username`?");
    assert!(only_problem("[[ice-server]]\nusername = 'x'").contains("`urls` is missing"));
}

#[test]
fn quotas_of_the_turn_server_reach_it_and_wrong_ones_say_what_to_write() {
    let file = r#"
turn-max-allocations = 500
turn-allocations-per-credential = 64
turn-bandwidth-per-credential = "8Mbit/s"
turn-bandwidth-per-address = 0"#;
    let limits = load(file, &[], &[]).settings.options("/d".into(), vec![], None).turn.limits;
    let expected = TurnLimits {
        allocations: 500,
        allocations_per_credential: 64,
        bandwidth_per_credential: Some(1_000_000),
        bandwidth_per_address: None,
    };
    assert_eq!(limits, expected);
    let default = Settings::default().options("/d".into(), vec![], None).turn.limits;
    assert_eq!(default, TurnLimits::default());

    let wrong = only_problem("turn-allocations-per-credential = 63");
    assert!(wrong.contains("expected a whole number from 64") && wrong.ends_with(r#"found "63""#), "{wrong}");
    let wrong = problems("", &[], &["--turn-bandwidth-per-address=100Mbps"]);
    assert!(
        wrong[0].starts_with("--turn-bandwidth-per-address: expected a bandwidth with its unit"),
        "{wrong:?}"
    );
}

#[test]
fn peers_are_networks_with_or_without_ports() {
    let file =
        r#"turn-allow-peer = ["10.0.0.0/8:5000-6000", "192.168.1.7:443", "fd00::/8", "[fd00::7]:443"]"#;
    let loaded = load(file, &[], &[]);
    assert_eq!(loaded.problems, []);
    let shown = loaded.settings.changed();
    assert_eq!(shown[0].1, r#"["10.0.0.0/8:5000-6000", "192.168.1.7:443", "fd00::/8", "[fd00::7]:443"]"#);
    let wrong = only_problem("turn-allow-peer = ['10.0.0.0/8', '10.1.2.3/8']");
    let expected = "kaigi.toml:1:34: turn-allow-peer: expected the first address of the network";
    assert!(wrong.starts_with(expected) && wrong.ends_with(r#"found "10.1.2.3/8""#), "{wrong}");
}

#[test]
fn values_that_would_break_a_header_or_mean_something_else_are_refused() {
    for wrong in [
        "frame-ancestors = [\"'self'; script-src *\"]",
        "allow-origin = ['https://a.example/path']",
        "allow-origin = ['a.example']",
        "metrics-token = 'two words'",
        "log-level = 'infoo'",
        "log-level = 'kaigi_server'",
        "log-level = 'info,kaigi_server=3'",
        "log-format = '{tme}'",
        "log-max-size = '5 bananas'",
        "trust-proxy = ['10.0.0.0/33']",
        "site-dir = 'no such folder'",
        "turn-allow-peer = ['10.1.2.3/8']",
        "turn-deny-peer = ['10.0.0.0/8:0']",
        "turn-deny-peer = ['fd00::7:443:x']",
        "turn-max-allocations = 0",
        "turn-bandwidth-per-credential = 100",
    ] {
        assert_eq!(problems(wrong, &[], &[]).len(), 1, "{wrong}");
    }
}

#[test]
fn sizes_and_levels_are_understood() {
    for (text, bytes) in
        [("0", 0), ("512", 512), ("64KiB", 65_536), ("1 gb", 1_000_000_000), ("100MB", 100_000_000)]
    {
        assert_eq!(ByteSize::parse(text), Ok(ByteSize(bytes)), "{text}");
    }
    assert_eq!(ByteSize(65_536).to_string(), "64KiB");
    for text in ["off", "DEBUG", "warn,kaigi_server::signaling=debug", "info,hyper=off"] {
        assert!(LogLevel::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn what_is_shown_holds_no_secret() {
    let file = r#"
create-key = "geheim-1"
metrics-token = "geheim-2"
ice-server = [{ urls = "turn:a", username = "ann", credential = "geheim-3" }]"#;
    let shown = load(file, &[], &[]).settings.changed();
    assert_eq!(shown.len(), 3);
    assert!(shown.iter().all(|(_, value)| !value.contains("geheim") && value.contains("***")), "{shown:?}");
    let wrong = problems("metrics-token = 'geheim 4'", &[], &[]);
    assert!(!wrong[0].contains("geheim"), "{wrong:?}");
}

#[test]
fn who_may_use_the_server_may_frame_it_unless_frame_ancestors_says_otherwise() {
    let framing =
        |file: &str| load(file, &[], &[]).settings.options("/d".into(), vec![], None).frame_ancestors;
    assert_eq!(framing(""), ["'self'"]);
    assert_eq!(framing("allow-origin = ['https://a.example']"), ["'self'", "https://a.example"]);
    assert_eq!(framing("allow-origin = ['*', 'https://a.example']"), ["'self'", "https://a.example"]);
    let apart = "allow-origin = ['https://a.example']\nframe-ancestors = [\"'none'\"]";
    assert_eq!(framing(apart), ["'none'"]);
}

use std::time::{Duration, SystemTime};

use instant_acme::Problem;

use super::challenges::Kind;
use super::failure::{Seen, validation};
use super::*;

const HOST: &str = "meet.example.org";

fn plan(directory: &str) -> Plan {
    Plan { hosts: vec![HOST.into()], contact: None, directory: directory.into(), ca: None }
}

fn certificate(seconds: u64) -> Certificate {
    let not_before = SystemTime::now();
    Certificate {
        fingerprint: String::new(),
        names: vec!["Meet.Example.Org".into()],
        not_before,
        not_after: not_before + Duration::from_secs(seconds),
        self_signed: false,
        made_by_kaigi: false,
        warnings: Vec::new(),
    }
}

fn place(tls_port: u16, http: bool) -> Place {
    Place { tls_port, http, public: Vec::new() }
}

#[test]
fn each_authority_has_a_folder_of_its_own_below_the_data_folder() {
    let data = Path::new("/data");
    let folder = plan(DEFAULT_DIRECTORY).folder(data);
    assert_eq!(folder, data.join("acme/acme-v02.api.letsencrypt.org_directory"));
    let odd = plan("https://../../etc/?x=/").folder(data);
    assert_eq!(odd.parent(), Some(data.join("acme").as_path()), "{odd:?}");
}

#[test]
fn a_certificate_is_renewed_at_two_thirds_and_ordered_anew_when_a_host_is_added() {
    let month = certificate(90 * 24 * 3600);
    let renewal = schedule::renewal(&month).duration_since(month.not_before).unwrap();
    assert_eq!(renewal, Duration::from_secs(60 * 24 * 3600));
    let mut more = plan(DEFAULT_DIRECTORY);
    assert!(more.is_covered_by(&month), "names are compared without case");
    more.hosts.push("www.example.org".into());
    assert!(!more.is_covered_by(&month));
    assert_eq!(Acme::new(more, Path::new("/data"), &month).status().state, State::Ordering);
}

#[test]
fn waits_double_up_to_half_a_day_and_never_end_before_the_authority_allows() {
    let now = SystemTime::now();
    let wait = |failures, allowed: Option<u64>| {
        let allowed = allowed.map(|seconds| now + Duration::from_secs(seconds));
        schedule::again(failures, allowed, now).duration_since(now).unwrap().as_secs()
    };
    for (failures, expected) in [(1, 120), (2, 240), (3, 480), (10, 43_200), (u32::MAX, 43_200)] {
        let waited = wait(failures, None);
        assert!((expected * 8 / 10..=expected * 12 / 10).contains(&waited), "{failures}: {waited}");
    }
    assert_eq!(wait(1, Some(7_200)), 7_200);
    assert_eq!(wait(1, Some(u32::MAX.into())), 8 * 24 * 3600, "no authority is believed that wants longer");
    let spread: std::collections::HashSet<_> = (0..50).map(|_| wait(5, None)).collect();
    assert!(spread.len() > 20, "servers that failed together come back apart");
}

#[test]
fn the_likelier_way_is_tried_first_and_the_other_one_next() {
    let chosen = |tls_port, http| [0, 1, 2].map(|failures| Kind::choose(&place(tls_port, http), failures));
    assert_eq!(chosen(443, false), [Kind::TlsAlpn; 3]);
    assert_eq!(chosen(8443, false), [Kind::TlsAlpn; 3]);
    assert_eq!(chosen(443, true), [Kind::TlsAlpn, Kind::Http, Kind::TlsAlpn]);
    assert_eq!(chosen(8443, true), [Kind::Http, Kind::TlsAlpn, Kind::Http]);
}

#[test]
fn a_host_that_cannot_be_proven_is_explained() {
    let here: IpAddr = "203.0.113.7".parse().unwrap();
    let elsewhere: IpAddr = "198.51.100.1".parse().unwrap();
    let explained = |kind: &str, leads_to: &[IpAddr], asked: bool| {
        let json = format!(r#"{{"type":"urn:ietf:params:acme:error:{kind}","detail":"as\nthey say."}}"#);
        let problem: Problem = serde_json::from_str(&json).unwrap();
        let seen = Seen { leads_to: leads_to.into(), own: vec![here], asked };
        validation(HOST, Kind::TlsAlpn, &problem, &seen)
    };
    for (kind, leads_to, asked, expected) in [
        ("dns", vec![], false, "add an A (or AAAA) record"),
        ("connection", vec![here], false, "cannot connect to TCP port 443 of meet.example.org: open it"),
        ("connection", vec![here], false, "leads to 203.0.113.7, which is this machine"),
        ("connection", vec![elsewhere], false, "which is no address of this machine (203.0.113.7)"),
        ("tls", vec![elsewhere], false, "another server answers on port 443"),
        ("unauthorized", vec![here], true, "came here, but was not content"),
        ("caa", vec![here], false, "CAA record"),
    ] {
        let words = explained(kind, &leads_to, asked);
        assert!(words.contains(expected), "{kind}: {words}");
        assert!(words.ends_with(&format!("It says: asthey say ({kind})")), "{words}");
    }
}

#[test]
fn what_failed_is_there_for_other_processes() {
    let scratch = tempfile::tempdir().unwrap();
    assert_eq!(last_failure(scratch.path()), None);
    let failure = failure::Failure { why: "why".into(), retry_after: Some(SystemTime::now()) };
    keeping::keep_failure(scratch.path(), &failure, SystemTime::now());
    let kept = last_failure(scratch.path()).unwrap();
    assert!(kept.why == "why" && kept.limited, "{kept:?}");
    std::fs::write(
        scratch.path().join("failure.json"),
        r#"{"why":"","at":1,"again_at":18446744073709551615,"limited":true}"#,
    )
    .unwrap();
    let _ = last_failure(scratch.path());
}

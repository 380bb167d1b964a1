//! The kernel's and the process's limits, held against what the server asks for.

use std::fs;
use std::net::{Ipv6Addr, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kaigi_server::probe::{Offload, SOCKET_BUFFER, offload};
use rustix::process::{Resource, getrlimit};

use super::report::Finding;
use crate::settings::Settings;

const LIMITS: &str = "limits";
const CLOCK: &str = "clock";

/// What the system allows; `None` where it does not say.
#[derive(Clone, Copy, Debug, Default)]
pub struct System {
    pub receive_buffer: Option<u64>,
    pub send_buffer: Option<u64>,
    /// The hard limit: the server raises its own soft one to it.
    pub files: Option<u64>,
    pub ephemeral_ports: Option<u64>,
    /// Connections that the firewall follows, and the most it can.
    pub tracked: Option<(u64, u64)>,
    pub offload: Option<Offload>,
}

impl System {
    pub fn read() -> Self {
        let sysctl = |name: &str| fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).ok();
        let number = |name: &str| sysctl(name)?.trim().parse().ok();
        let ports = || {
            let range = sysctl("net.ipv4.ip_local_port_range")?;
            let (first, last) = range.trim().split_once(char::is_whitespace)?;
            let (first, last): (u64, u64) = (first.parse().ok()?, last.trim().parse().ok()?);
            Some((last + 1).saturating_sub(first))
        };
        Self {
            receive_buffer: number("net.core.rmem_max"),
            send_buffer: number("net.core.wmem_max"),
            files: getrlimit(Resource::Nofile).maximum,
            ephemeral_ports: ports(),
            tracked: number("net.netfilter.nf_conntrack_count").zip(number("net.netfilter.nf_conntrack_max")),
            offload: offload().ok(),
        }
    }

    pub fn judge(&self, settings: &Settings) -> Vec<Finding> {
        let mut findings = Vec::new();
        findings.extend(self.buffers());
        findings.extend(self.files(settings));
        findings.extend(self.ports(settings));
        findings.extend(self.tracked());
        findings.extend(self.offload());
        findings
    }

    fn buffers(&self) -> Option<Finding> {
        let wanted = SOCKET_BUFFER as u64;
        let limits = [("net.core.rmem_max", self.receive_buffer), ("net.core.wmem_max", self.send_buffer)];
        let limits = limits.into_iter().filter_map(|(name, limit)| Some((name, limit?)));
        let limits: Vec<_> = limits.collect();
        if limits.is_empty() {
            return None;
        }
        let low: Vec<_> = limits.iter().filter(|(_, limit)| *limit < wanted).collect();
        if low.is_empty() {
            return Some(Finding::ok(
                LIMITS,
                format!("UDP sockets get the {wanted} bytes of buffer asked for"),
            ));
        }
        let shown: Vec<_> = low.iter().map(|(name, limit)| format!("{name} is {limit}")).collect();
        let text = format!(
            "{}, {wanted} bytes are asked for: bursts of media may be lost under load",
            shown.join(" and ")
        );
        let raised: Vec<_> = low.iter().map(|(name, _)| format!("{name}={wanted}")).collect();
        Some(Finding::warning(
            LIMITS,
            text,
            format!("sudo sysctl -w {}, and the same in a file in /etc/sysctl.d", raised.join(" ")),
        ))
    }

    fn files(&self, settings: &Settings) -> Option<Finding> {
        // Each allocation is a socket, a dual one two; a participant has a connection or two.
        let wanted = (2 * settings.turn_max_allocations + 2 * settings.max_participants) as u64 + 1_000;
        match self.files {
            Some(limit) if limit < wanted => Some(Finding::warning(
                LIMITS,
                format!(
                    "{limit} open files are allowed here, full rooms and relays need up to {wanted}: people who come \
                     then are turned away"
                ),
                format!(
                    "LimitNOFILE={wanted} in the systemd unit, `ulimit -Hn` in a shell, --ulimit nofile={wanted} in \
                     Docker; or lower max-participants and turn-max-allocations"
                ),
            )),
            limit => {
                let limit = limit.map_or("any number of".into(), |limit| limit.to_string());
                Some(Finding::ok(
                    LIMITS,
                    format!("{limit} open files are allowed here, up to {wanted} are needed"),
                ))
            }
        }
    }

    fn ports(&self, settings: &Settings) -> Option<Finding> {
        let (ports, wanted) = (self.ephemeral_ports?, settings.turn_max_allocations as u64);
        if ports >= wanted {
            return Some(Finding::ok(LIMITS, format!("{ports} ephemeral ports, up to {wanted} relays")));
        }
        Some(Finding::warning(
            LIMITS,
            format!(
                "{ports} ephemeral ports are fewer than the {wanted} relays that turn-max-allocations allows"
            ),
            "sudo sysctl -w net.ipv4.ip_local_port_range=\"16384 65535\", or lower turn-max-allocations",
        ))
    }

    fn tracked(&self) -> Option<Finding> {
        let (count, most) = self.tracked?;
        if count < most / 10 * 9 {
            return Some(Finding::ok(
                LIMITS,
                format!("the firewall follows {count} of at most {most} connections"),
            ));
        }
        Some(Finding::problem(
            LIMITS,
            format!(
                "the firewall's table of connections is full ({count} of {most}): new calls and relays lose packets"
            ),
            format!("sudo sysctl -w net.netfilter.nf_conntrack_max={}", most.saturating_mul(4)),
        ))
    }

    fn offload(&self) -> Option<Finding> {
        let Offload { gso_segments, gro_segments } = self.offload?;
        if gso_segments > 1 && gro_segments > 1 {
            return Some(Finding::ok(
                LIMITS,
                "the kernel sends and receives runs of datagrams (UDP GSO and GRO)",
            ));
        }
        let missing = match (gso_segments > 1, gro_segments > 1) {
            (false, false) => "GSO and GRO",
            (false, true) => "GSO",
            _ => "GRO",
        };
        Some(Finding::warning(
            LIMITS,
            format!("the kernel has no UDP {missing}: every datagram costs a call of its own"),
            "Linux 5.0 and later have both; some container sandboxes hide them",
        ))
    }
}

/// Whether this machine can do IPv6 at all.
pub fn has_ipv6() -> bool {
    UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// Credentials and certificates go by the clock.
pub fn clock() -> Finding {
    let installed =
        std::env::current_exe().and_then(fs::metadata).and_then(|program| program.modified()).ok();
    judge_clock(SystemTime::now(), installed)
}

/// Against somebody else's; a few seconds are the network's and the rounding's.
pub fn compare_clock(theirs: SystemTime) -> Finding {
    const FAR: Duration = Duration::from_secs(30);
    let now = SystemTime::now();
    let apart = now.duration_since(theirs).unwrap_or_else(|error| error.duration());
    let seconds = apart.as_secs();
    match apart > FAR {
        true => Finding::warning(
            CLOCK,
            format!(
                "the system's clock is {seconds} s {} the authority's",
                if now > theirs { "ahead of" } else { "behind" }
            ),
            "set the clock: timedatectl set-ntp true",
        ),
        false => {
            Finding::ok(CLOCK, format!("the system's clock is within {} s of the authority's", seconds + 1))
        }
    }
}

fn judge_clock(now: SystemTime, installed: Option<SystemTime>) -> Finding {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let advice = "set the clock (`timedatectl set-ntp true`): TURN credentials, session cookies and certificates expire \
                  by it";
    // 2026-01-01 and 2100-01-01.
    let plausible = UNIX_EPOCH + DAY * 20_454..UNIX_EPOCH + DAY * 47_482;
    if !plausible.contains(&now) {
        return Finding::problem(CLOCK, format!("the system's clock is wrong: {}", seconds(now)), advice);
    }
    if installed.is_some_and(|installed| installed > now + DAY) {
        let text = "the system's clock is behind: this program was installed in its future";
        return Finding::problem(CLOCK, text, advice);
    }
    Finding::ok(CLOCK, "the system's clock is plausible")
}

fn seconds(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{} s since 1970", since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::super::report::Level;
    use super::*;

    const GOOD: System = System {
        receive_buffer: Some(8 << 20),
        send_buffer: Some(8 << 20),
        files: Some(524_288),
        ephemeral_ports: Some(28_232),
        tracked: Some((10, 262_144)),
        offload: Some(Offload { gso_segments: 64, gro_segments: 64 }),
    };

    fn unhappy(system: System) -> Vec<Finding> {
        let all = system.judge(&Settings::default());
        all.into_iter().filter(|finding| finding.level != Level::Ok).collect()
    }

    #[test]
    fn a_usual_machine_with_large_buffers_is_fine() {
        assert_eq!(unhappy(GOOD), []);
        assert_eq!(unhappy(System { files: None, ..GOOD }), [], "no limit is no problem");
        assert_eq!(
            unhappy(System { files: None, ..System::default() }),
            [],
            "what is not told is not judged"
        );
    }

    #[test]
    fn each_limit_that_is_too_low_is_named_with_the_command_that_raises_it() {
        for (system, level, text, advice) in [
            (
                System { receive_buffer: Some(212_992), ..GOOD },
                Level::Warning,
                "net.core.rmem_max is 212992",
                "sysctl -w net.core.rmem_max=4194304",
            ),
            (System { files: Some(1024), ..GOOD }, Level::Warning, "1024 open files", "LimitNOFILE=41000"),
            (
                System { ephemeral_ports: Some(9_999), ..GOOD },
                Level::Warning,
                "9999 ephemeral ports",
                "ip_local_port_range",
            ),
            (
                System { tracked: Some((262_000, 262_144)), ..GOOD },
                Level::Problem,
                "table of connections is full",
                "nf_conntrack_max=1048576",
            ),
            (
                System { offload: Some(Offload { gso_segments: 1, gro_segments: 64 }), ..GOOD },
                Level::Warning,
                "no UDP GSO:",
                "Linux 5.0",
            ),
        ] {
            let found = unhappy(system);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].level, level);
            assert!(found[0].text.contains(text), "{found:?}");
            assert!(found[0].advice.as_ref().unwrap().contains(advice), "{found:?}");
        }
    }

    #[test]
    fn a_clock_before_the_program_or_far_away_is_a_problem() {
        let day = |day: u64| UNIX_EPOCH + Duration::from_secs(24 * 3600 * day);
        let now = day(20_777);
        assert_eq!(judge_clock(now, None).level, Level::Ok);
        assert_eq!(
            judge_clock(now, Some(now + Duration::from_secs(3600))).level,
            Level::Ok,
            "time zones of archives"
        );
        assert_eq!(judge_clock(now, Some(day(20_800))).level, Level::Problem);
        assert_eq!(judge_clock(day(0), None).level, Level::Problem);
        assert_eq!(judge_clock(day(60_000), None).level, Level::Problem);
    }
}

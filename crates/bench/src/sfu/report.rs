//! What was measured, against what is aimed at.

use std::{fmt::Write, fs, io, path::Path};

use kaigi_bench::{judged::Judged, search::Found, stats::percentile, table::Table};

use crate::{
    plan::{LATENCY_AT, Scenario},
    run::{Cell, Results},
    servers::Kind,
};

/// Times Janus's processor time per packet, at most: what is required, and what is aimed at.
const VIDEO: [f64; 2] = [1.0 / 4.0, 1.0 / 6.0];
const SOUND: [f64; 2] = [1.0 / 2.0, 1.0 / 3.0];

/// Times the floor's, at most.
const FLOOR: f64 = 3.0;

/// Times the cost with the fewest subscribers, with the most.
const FLAT: f64 = 1.2;

/// Bytes of one subscriber.
const MEMORY: f64 = 250_000.0;

/// Microseconds of p99 with [`LATENCY_AT`] subscribers.
const LATENCY: f64 = 2000.0;

/// Around the results in a document.
const BEGIN: &str = "<!-- bench-sfu -->";
const END: &str = "<!-- /bench-sfu -->";

/// The whole text.
pub fn report(all: &[Results]) -> String {
    let mut text = String::new();
    for part in [costs(all), latencies(all), capacities(all), people(all), generator(all), aims(all)] {
        text.push_str(&part);
    }
    text
}

/// Puts the results between the markers of a document.
pub fn record(document: &Path, results: &str) -> io::Result<()> {
    let text = fs::read_to_string(document)?;
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let missing = || io::Error::other(format!("{} lacks {BEGIN} and {END}", document.display()));
    let (before, after) = parts.ok_or_else(missing)?;
    fs::write(document, format!("{before}{BEGIN}\n{}\n{END}{after}", results.trim()))
}

fn costs(all: &[Results]) -> String {
    let mut table = Table::new([
        "scenario",
        "packets a second",
        "kaigi",
        "janus",
        "janus, 2 loops",
        "floor",
        "kaigi ÷ better janus",
        "kaigi ÷ floor",
    ]);
    for scenario in scenarios(all) {
        let rate = Kind::ALL.iter().find_map(|kind| cell(all, *kind, scenario)).map_or(0.0, |cell| cell.rate);
        let shown = Kind::ALL.map(|kind| cell(all, kind, scenario).map_or("–".into(), cost));
        let [kaigi, janus, loops, floor] = shown;
        let to_janus =
            to_janus(all, Kind::Kaigi, scenario).map_or("–".into(), |judged| judged_twice(&judged));
        let to_floor = to_floor(all, scenario).map_or("–".into(), |judged| judged.to_string());
        table.push([
            scenario.to_string(),
            format!("{rate:.0}"),
            kaigi,
            janus,
            loops,
            floor,
            to_janus,
            to_floor,
        ]);
    }
    format!(
        "Processor time of the server per forwarded packet: ns, median (least to most)\n\n{table}\n\
         †: more was asked for than the server could do, so this is what it costs when it loses that share.\n\n"
    )
}

fn cost(cell: &Cell) -> String {
    let lost = if cell.lost > 0.0 { format!(" †{:.1} %", cell.lost * 100.0) } else { String::new() };
    format!("{}{lost}", cell.cost)
}

fn latencies(all: &[Results]) -> String {
    let mut table = Table::new(["scenario", "kaigi", "janus", "janus, 2 loops"]);
    for scenario in scenarios(all) {
        let shown = [Kind::Kaigi, Kind::Janus, Kind::JanusLoops].map(|kind| {
            let latency = cell(all, kind, scenario).and_then(|cell| cell.latency);
            latency.map_or("–".into(), |[p50, p99]| format!("{p50:.0} / {p99:.0}"))
        });
        let [kaigi, janus, loops] = shown;
        table.push([scenario.to_string(), kaigi, janus, loops]);
    }
    format!("Added latency: µs, p50 / p99\n\n{table}\n")
}

fn capacities(all: &[Results]) -> String {
    let mut table = Table::new(["server", "packets a second", "ns per packet there"]);
    for results in all {
        if let Some((found, cost)) = results.capacity {
            let rate = match found {
                Found::Limit(rate) => format!("{rate:.0}"),
                Found::AtLeast(rate) => format!("≥ {rate:.0}"),
            };
            table.push([results.kind.name().into(), rate, format!("{cost:.0}")]);
        }
    }
    format!("Highest rate of one core without loss (≥: the load generator was the limit)\n\n{table}\n")
}

fn people(all: &[Results]) -> String {
    let mut table = Table::new(["server", "resident bytes per subscriber", "joining: ms, p50 / p99"]);
    for results in all.iter().filter(|results| results.kind != Kind::Floor) {
        let memory = results.memory.map_or("–".into(), |bytes| format!("{bytes:.0}"));
        let mut joins = results.joins.clone();
        let [p50, p99] = [50, 99].map(|percent| percentile(&mut joins, percent) as f64 / 1e6);
        table.push([results.kind.name().into(), memory, format!("{p50:.1} / {p99:.1}")]);
    }
    format!("Subscribers, from the first request to the first packet of media\n\n{table}\n")
}

fn generator(all: &[Results]) -> String {
    let mut table = Table::new(["scenario", "kaigi", "janus", "janus, 2 loops", "floor"]);
    for scenario in scenarios(all) {
        let shown = Kind::ALL.map(|kind| {
            cell(all, kind, scenario).map_or("–".into(), |cell| {
                format!("{:.0} % / {:.0} %", cell.busy * 100.0, cell.own * 100.0)
            })
        });
        let [kaigi, janus, loops, floor] = shown;
        table.push([scenario.to_string(), kaigi, janus, loops, floor]);
    }
    format!("How busy the server's core was / the load generator's\n\n{table}\n")
}

fn aims(all: &[Results]) -> String {
    let mut text = String::from("Aims:\n\n");
    let mut say = |what: &str, judged: String| {
        let _ = writeln!(text, "- {what}: {judged}");
    };
    let or_not = |judged: Option<Judged>| judged.map_or("not measured".into(), |judged| judged.to_string());
    for scenario in scenarios(all) {
        let shown = |kind| to_janus(all, kind, scenario).map_or("not measured".into(), |j| judged_twice(&j));
        say(&format!("{scenario}, × the better Janus (required, aimed at)"), shown(Kind::Kaigi));
        say(&format!("{scenario}, what the floor itself has"), shown(Kind::Floor));
    }
    for scenario in scenarios(all) {
        say(&format!("{scenario}, × the floor"), or_not(to_floor(all, scenario)));
    }
    for kind in Kind::ALL {
        let videos = scenarios(all).into_iter().filter(|scenario| matches!(scenario, Scenario::Video(_)));
        let costs: Vec<f64> = videos.filter_map(|one| Some(cell(all, kind, one)?.cost.median)).collect();
        let flat = costs.first().zip(costs.last());
        say(
            &format!("cost with most ÷ fewest subscribers, {}", kind.name()),
            or_not(flat.map(|(few, many)| Judged { figure: many / few, aim: FLAT })),
        );
    }
    let kaigi = all.iter().find(|results| results.kind == Kind::Kaigi);
    let memory = kaigi.and_then(|results| results.memory);
    say("bytes per subscriber", or_not(memory.map(|figure| Judged { figure, aim: MEMORY })));
    for scenario in scenarios(all) {
        let Some(cell) = cell(all, Kind::Kaigi, scenario) else { continue };
        let (Scenario::Video(subscribers) | Scenario::Audio(subscribers), Some([_, p99])) =
            (scenario, cell.latency)
        else {
            continue;
        };
        // Beyond that number, twice what sending the burst takes.
        let burst_us = cell.burst as f64 * subscribers as f64 * cell.cost.median / 1000.0;
        let aim = if subscribers <= LATENCY_AT { LATENCY } else { LATENCY.max(2.0 * burst_us) };
        say(&format!("{scenario}, p99 of latency, µs"), Judged { figure: p99, aim: aim.round() }.to_string());
    }
    for results in all {
        for cell in &results.cells {
            if let Some(fault) = &cell.fault {
                say(&format!("{}, {}, what went wrong", results.kind.name(), cell.scenario), fault.clone());
            }
        }
    }
    text
}

fn to_janus(all: &[Results], kind: Kind, scenario: Scenario) -> Option<[Judged; 2]> {
    let cost = cell(all, kind, scenario)?.cost.median;
    let janus = [Kind::Janus, Kind::JanusLoops].into_iter().filter_map(|kind| cell(all, kind, scenario));
    let better = janus.map(|cell| cell.cost.median).min_by(f64::total_cmp)?;
    let aims = if matches!(scenario, Scenario::Audio(_)) { SOUND } else { VIDEO };
    Some(aims.map(|aim| Judged { figure: cost / better, aim }))
}

fn to_floor(all: &[Results], scenario: Scenario) -> Option<Judged> {
    let [kaigi, floor] = [Kind::Kaigi, Kind::Floor].map(|kind| Some(cell(all, kind, scenario)?.cost.median));
    Some(Judged { figure: kaigi? / floor?, aim: FLOOR })
}

fn judged_twice([required, aimed]: &[Judged; 2]) -> String {
    let word = |judged: &Judged| if judged.is_met() { "met" } else { "missed" };
    let bounds = [required, aimed].map(|judged| format!("{}: ≤ {:.2}", word(judged), judged.aim));
    format!("{:.2} ({})", required.figure, bounds.join(", "))
}

fn scenarios(all: &[Results]) -> Vec<Scenario> {
    let most = all.iter().max_by_key(|results| results.cells.len());
    most.map_or(Vec::new(), |results| results.cells.iter().map(|cell| cell.scenario).collect())
}

fn cell(all: &[Results], kind: Kind, scenario: Scenario) -> Option<&Cell> {
    let results = all.iter().find(|results| results.kind == kind)?;
    results.cells.iter().find(|cell| cell.scenario == scenario)
}

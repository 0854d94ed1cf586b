//! Random series, once as rows of targets and once as plain series.

use rollsim::promql::compiled::Read;
use rollsim::promql::head::{
    HOLE, Head, STALE, SeriesDescriptor, TargetId, TargetSamples, Universe, is_sample, is_stale,
};
use rollsim::promql::labels::Labels;
use rollsim::promql::plain::Series;

use super::random::Random;

const START: i64 = 1_790_000_000_000;

/// Series that both evaluators can read.
#[derive(Clone, Debug)]
pub struct World {
    pub universe: Universe,
    pub head: Head,
    pub series: Vec<Series>,
    end: i64,
}

/// How a series behaves.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Counter,
    Gauge,
}

fn columns(pod: &[(&str, String)]) -> Vec<(Labels, Kind)> {
    let mut columns = Vec::new();
    let mut add = |name: &str, more: &[(&str, &str)], kind| {
        let mut labels = Labels::new(pod.iter().map(|(name, value)| (*name, value.as_str())));
        labels.set("__name__", name);
        for (name, value) in more {
            labels.set(name, value);
        }
        columns.push((labels, kind));
    };
    for status in ["200", "404", "500"] {
        add("req_total", &[("status", status)], Kind::Counter);
    }
    add("err_total", &[("status", "500")], Kind::Counter);
    for le in ["0.1", "0.5", "5e-1", "1", "+Inf"] {
        add("lat_bucket", &[("le", le)], Kind::Counter);
    }
    add("lat_bucket", &[("le", "broken")], Kind::Counter);
    add("temp", &[], Kind::Gauge);
    add("limit", &[], Kind::Gauge);
    columns
}

impl World {
    pub fn random(random: &mut Random) -> Self {
        let mut world = World {
            universe: Universe::default(),
            head: Head::default(),
            series: Vec::new(),
            end: START + 900_000,
        };
        let mut listed: Vec<(Labels, TargetId, u32)> = Vec::new();
        for pod in 0..=random.below(4) {
            let target = TargetId(u32::try_from(pod).unwrap());
            let version = random.pick(&["stable", "canary"]);
            let labels = [
                ("pod", format!("p{pod}")),
                ("version", version.to_owned()),
                ("job", "app".to_owned()),
            ];
            let columns = columns(&labels);
            let kinds: Vec<Kind> = columns.iter().map(|column| column.1).collect();
            for (column, (labels, _)) in (0_u32..).zip(columns) {
                listed.push((labels, target, column));
            }
            world
                .universe
                .widths
                .push(u32::try_from(kinds.len()).unwrap());
            world.head.targets.push(samples(random, &kinds));
        }
        listed.sort();
        for (labels, target, column) in listed {
            world.universe.series.push(SeriesDescriptor {
                labels,
                target,
                column,
            });
        }
        world.fill_series();
        world
    }

    fn fill_series(&mut self) {
        self.series = self
            .universe
            .series
            .iter()
            .map(|descriptor| {
                let target = &self.head.targets[descriptor.target.0 as usize];
                let samples = (0..target.times.len())
                    .map(|row| {
                        (
                            target.times[row],
                            target.row(row)[descriptor.column as usize],
                        )
                    })
                    .filter(|sample| is_sample(sample.1) || is_stale(sample.1))
                    .collect();
                Series {
                    labels: descriptor.labels.clone(),
                    samples,
                }
            })
            .collect();
    }

    /// A time to evaluate at; often exactly at a scrape or a window's length after one.
    pub fn time(&self, random: &mut Random) -> i64 {
        let span = usize::try_from(self.end - START).unwrap();
        let anywhere = START + i64::try_from(random.below(span)).unwrap();
        if random.chance(50) {
            return anywhere;
        }
        let target = &self.head.targets[random.below(self.head.targets.len())];
        if target.times.is_empty() {
            return anywhere;
        }
        target.times[random.below(target.times.len())] + random.pick(&[0, 60_000, 300_000, 20_000])
    }

    /// The same world with only those cells that the reads ask for; other rows may be gone, other cells hold
    /// nonsense.
    pub fn only<'a>(&self, reads: impl Iterator<Item = Read<'a>>) -> Self {
        let reads: Vec<Read> = reads.collect();
        let mut head = Head::default();
        for (index, target) in (0_u32..).zip(&self.head.targets) {
            let wanted: Vec<&Read> = reads.iter().filter(|read| read.target.0 == index).collect();
            let mut kept = TargetSamples::new(target.width);
            for (row, &time) in target.times.iter().enumerate() {
                let inside = |read: &&&Read| read.after < time && time <= read.until;
                if !wanted.iter().any(|read| inside(&read)) {
                    continue;
                }
                let cells = (0_u32..).zip(target.row(row)).map(|(column, &cell)| {
                    let asked = wanted
                        .iter()
                        .filter(inside)
                        .any(|read| read.columns.contains(&column));
                    if asked { cell } else { 123.456 }
                });
                kept.push(time, &cells.collect::<Vec<f64>>());
            }
            head.targets.push(kept);
        }
        World {
            head,
            ..self.clone()
        }
    }
}

fn samples(random: &mut Random, kinds: &[Kind]) -> TargetSamples {
    let period = random.pick(&[10_000, 15_000, 30_000]);
    let phase = i64::try_from(random.below(10_000)).unwrap();
    let born = random.below(20);
    let rows = if random.chance(60) {
        90
    } else {
        20 + random.below(40)
    };
    let may_reset = random.chance(40);
    let births: Vec<usize> = kinds
        .iter()
        .map(|_| {
            if random.chance(40) {
                random.below(25)
            } else {
                0
            }
        })
        .collect();
    let rates: Vec<usize> = kinds.iter().map(|_| random.pick(&[0, 1, 3, 20])).collect();
    let mut values = vec![0.0; kinds.len()];
    let mut target = TargetSamples::new(kinds.len());
    for row in born..rows {
        let failed = random.chance(4);
        if may_reset && random.chance(8) {
            values.fill(0.0);
        }
        let mut cells = Vec::with_capacity(kinds.len());
        for (column, kind) in kinds.iter().enumerate() {
            let cell = if failed || row - born < births[column] {
                STALE
            } else if random.chance(2) {
                random.pick(&[HOLE, STALE])
            } else if *kind == Kind::Counter {
                values[column] += random.below(rates[column] + 1) as f64;
                values[column]
            } else {
                gauge(random)
            };
            cells.push(cell);
        }
        let time = START + phase + i64::try_from(row).unwrap() * period;
        target.push(time, &cells);
    }
    if rows < 90 && !target.times.is_empty() {
        // The pod is gone.
        let last = START + phase + i64::try_from(rows).unwrap() * period;
        target.push(last, &vec![STALE; kinds.len()]);
    }
    target
}

fn gauge(random: &mut Random) -> f64 {
    match random.below(40) {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => -0.0,
        3 => f64::NEG_INFINITY,
        number => (number as f64 - 10.0) * 0.7,
    }
}

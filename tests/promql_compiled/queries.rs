//! Random queries over every construct that compiles.

use super::random::Random;

/// A query.
pub fn query(random: &mut Random) -> String {
    if random.chance(6) {
        return scalar(random, 2);
    }
    vector(random, 3)
}

fn duration(random: &mut Random) -> String {
    random
        .pick(&["1m", "2m", "5m", "45s", "20s", "90s"])
        .to_owned()
}

fn shift(random: &mut Random) -> String {
    match random.below(14) {
        0 => " offset 1m".to_owned(),
        1 => " offset -30s".to_owned(),
        2 => " @ 1790000400".to_owned(),
        3 => " @ end() offset 45s".to_owned(),
        _ => String::new(),
    }
}

fn selector(random: &mut Random) -> String {
    random
        .pick(&[
            "temp",
            "limit",
            "req_total",
            "err_total",
            "lat_bucket",
            "req_total{status=\"500\"}",
            "req_total{status=~\"5..|4..\",version!=\"stable\"}",
            "req_total{version=\"canary\"}",
            "temp{pod=~\"p[01]\"}",
            "{__name__=~\"temp|limit\"}",
            "{__name__=~\"req_total|err_total\",status=\"500\"}",
            "nothing",
            "temp{missing=\"\"}",
        ])
        .to_owned()
}

fn range(random: &mut Random, depth: usize) -> String {
    if depth > 0 && random.chance(12) {
        let step = random.pick(&["", "15s", "1m", "20s"]);
        let inner = vector(random, depth - 1);
        return format!("({inner})[{}:{step}]{}", duration(random), shift(random));
    }
    format!(
        "{}[{}]{}",
        selector(random),
        duration(random),
        shift(random)
    )
}

fn scalar(random: &mut Random, depth: usize) -> String {
    match random.below(if depth == 0 { 6 } else { 9 }) {
        0 => "0.5".to_owned(),
        1 => "2".to_owned(),
        2 => "-1".to_owned(),
        3 => "0.95".to_owned(),
        4 => random
            .pick(&["NaN", "Inf", "0", "1e3", "5m", "pi()"])
            .to_owned(),
        5 => "time()".to_owned(),
        6 => format!("scalar({})", vector(random, depth - 1)),
        7 => format!(
            "({} {} {})",
            scalar(random, depth - 1),
            arithmetic(random),
            scalar(random, depth - 1)
        ),
        _ => format!(
            "-({} >= bool {})",
            scalar(random, depth - 1),
            scalar(random, depth - 1)
        ),
    }
}

fn arithmetic(random: &mut Random) -> &'static str {
    random.pick(&["+", "-", "*", "/", "/", "%", "^", "atan2"])
}

fn comparison(random: &mut Random) -> &'static str {
    random.pick(&[">", "<", ">=", "<=", "==", "!=", "> bool", "== bool"])
}

fn labels(random: &mut Random) -> String {
    random
        .pick(&[
            "",
            "pod",
            "status",
            "le",
            "version",
            "pod, status",
            "job",
            "pod, le",
        ])
        .to_owned()
}

fn grouping(random: &mut Random) -> String {
    match random.below(3) {
        0 => String::new(),
        1 => format!(" by ({}) ", labels(random)),
        _ => format!(" without ({}) ", labels(random)),
    }
}

fn matching(random: &mut Random, may_group: bool) -> String {
    let keys = random.pick(&[
        "on (pod)",
        "ignoring (status)",
        "on ()",
        "on (pod, status)",
        "ignoring (pod, le)",
        "",
    ]);
    if keys.is_empty() || !may_group || random.chance(50) {
        return keys.to_owned();
    }
    let side = random.pick(&["left", "right"]);
    let include = random.pick(&["()", "(version)", "(job, version)"]);
    format!("{keys} group_{side} {include}")
}

fn vector(random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return format!("{}{}", selector(random), shift(random));
    }
    let less = depth - 1;
    match random.below(22) {
        0..=4 => over_range(random, depth),
        5..=8 => aggregation(random, less),
        9 => format!(
            "{} {} {}",
            boxed(random, less),
            arithmetic(random),
            scalar(random, less)
        ),
        10 => format!(
            "{} {} {}",
            scalar(random, less),
            comparison(random),
            boxed(random, less)
        ),
        11..=13 => {
            let op = if random.chance(70) {
                arithmetic(random)
            } else {
                comparison(random)
            };
            let matching = matching(random, true);
            format!(
                "{} {op} {matching} {}",
                boxed(random, less),
                boxed(random, less)
            )
        }
        14 | 15 => {
            let op = random.pick(&["and", "or", "unless"]);
            let matching = matching(random, false);
            format!(
                "{} {op} {matching} {}",
                boxed(random, less),
                boxed(random, less)
            )
        }
        16 => format!("-{}", boxed(random, less)),
        17 => histogram(random, less),
        18 => relabelled(random, less),
        19..=20 => mapped(random, less),
        _ => special(random, less),
    }
}

fn boxed(random: &mut Random, depth: usize) -> String {
    format!("({})", vector(random, depth))
}

fn over_range(random: &mut Random, depth: usize) -> String {
    let range = range(random, depth - 1);
    match random.below(12) {
        0 => format!("quantile_over_time({}, {range})", scalar(random, 0)),
        1 => format!("predict_linear({range}, {})", scalar(random, 0)),
        2 => format!("absent_over_time({range})"),
        _ => {
            let function = random.pick(&[
                "rate",
                "rate",
                "rate",
                "increase",
                "increase",
                "delta",
                "irate",
                "idelta",
                "deriv",
                "changes",
                "resets",
                "avg_over_time",
                "sum_over_time",
                "min_over_time",
                "max_over_time",
                "count_over_time",
                "last_over_time",
                "first_over_time",
                "present_over_time",
                "stddev_over_time",
                "stdvar_over_time",
            ]);
            format!("{function}({range})")
        }
    }
}

fn aggregation(random: &mut Random, depth: usize) -> String {
    let inner = vector(random, depth);
    let by = grouping(random);
    match random.below(12) {
        0 => format!(
            "topk{by}({}, {inner})",
            random.pick(&["1", "2", "3", "20", "scalar(limit)", "NaN", "0.5"])
        ),
        1 => format!(
            "bottomk{by}({}, {inner})",
            random.pick(&["1", "2", "4", "1e19"])
        ),
        2 => format!("quantile{by}({}, {inner})", scalar(random, 0)),
        _ => {
            let op = random.pick(&[
                "sum", "sum", "sum", "avg", "min", "max", "count", "group", "stddev", "stdvar",
            ]);
            format!("{op}{by}({inner})")
        }
    }
}

fn histogram(random: &mut Random, depth: usize) -> String {
    let buckets = if random.chance(70) {
        let window = duration(random);
        format!(
            "sum by ({}) (rate(lat_bucket[{window}]))",
            random.pick(&["le", "le, pod", "le, version"])
        )
    } else {
        vector(random, depth)
    };
    if random.chance(60) {
        return format!("histogram_quantile({}, {buckets})", scalar(random, 0));
    }
    format!(
        "histogram_fraction({}, {}, {buckets})",
        random.pick(&["0", "-Inf", "0.2"]),
        scalar(random, 0)
    )
}

fn relabelled(random: &mut Random, depth: usize) -> String {
    let inner = vector(random, depth);
    match random.below(4) {
        0 => format!("label_join({inner}, \"joined\", \"-\", \"pod\", \"status\")"),
        1 => format!("label_replace({inner}, \"pod\", \"$1\", \"pod\", \"p(.)\")"),
        2 => format!("label_replace({inner}, \"pod\", \"all\", \"version\", \"can.*\")"),
        _ => format!(
            "label_replace({inner}, \"x\", \"$1\", \"status\", \"{}\")",
            random.pick(&["(.).*", "("])
        ),
    }
}

fn mapped(random: &mut Random, depth: usize) -> String {
    let inner = vector(random, depth);
    let number = scalar(random, depth);
    match random.below(8) {
        0 => format!("clamp_min({inner}, {number})"),
        1 => format!("clamp_max({inner}, {number})"),
        2 => format!("clamp({inner}, 0, {number})"),
        3 => format!("round({inner})"),
        4 => format!("round({inner}, {number})"),
        _ => {
            let function = random.pick(&[
                "abs",
                "ceil",
                "floor",
                "sgn",
                "sqrt",
                "exp",
                "ln",
                "log2",
                "log10",
                "deg",
                "rad",
                "sin",
                "tanh",
                "hour",
                "day_of_week",
                "days_in_month",
                "year",
                "timestamp",
            ]);
            format!("{function}({inner})")
        }
    }
}

fn special(random: &mut Random, depth: usize) -> String {
    match random.below(6) {
        0 => format!("vector({})", scalar(random, depth)),
        1 => format!("absent({})", vector(random, depth)),
        2 => format!("sort({})", vector(random, depth)),
        3 => format!("sort_desc({})", vector(random, depth)),
        4 => format!("timestamp({}{})", selector(random), shift(random)),
        _ => random
            .pick(&["hour()", "minute()", "day_of_year()", "vector(time())"])
            .to_owned(),
    }
}

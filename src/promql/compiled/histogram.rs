//! Functions of classic histograms at one evaluation.

use super::evaluate::{Evaluated, Output, Run};
use super::nodes::{HistogramFunction, Histograms};
use super::scratch::{GroupBuffer, Register, Scratch};
use crate::promql::kernels::{Bucket, bucket_fraction, bucket_quantile};

impl Run<'_> {
    pub(super) fn histogram_parameters(
        &self,
        function: HistogramFunction,
        time: i64,
        scratch: &mut Scratch,
    ) -> Evaluated<[f64; 2]> {
        Ok(match function {
            HistogramFunction::Quantile(q) => [self.scalar(q, time, scratch)?, f64::NAN],
            HistogramFunction::Fraction { lower, upper } => [
                self.scalar(lower, time, scratch)?,
                self.scalar(upper, time, scratch)?,
            ],
        })
    }
}

/// One result per histogram that has a bucket, in order of labels.
pub(super) fn histograms(
    function: HistogramFunction,
    parameters: [f64; 2],
    (input, histograms): (&Register, &Histograms),
    buffer: &mut GroupBuffer,
    buckets: &mut Vec<Bucket>,
    output: &mut Output<'_>,
) -> Evaluated<()> {
    buffer.counts.fill(0);
    for (slot, value) in input.iter() {
        if let Some(place) = histograms.place[slot as usize] {
            buffer.counts[place as usize] = 1;
            buffer.values[place as usize] = value;
        }
    }
    for (histogram, ends) in (0_u32..).zip(histograms.starts.windows(2)) {
        buckets.clear();
        for place in ends[0] as usize..ends[1] as usize {
            if buffer.counts[place] == 1 {
                buckets.push(Bucket {
                    upper_bound: histograms.bounds[place],
                    count: buffer.values[place],
                });
            }
        }
        if buckets.is_empty() {
            continue;
        }
        let value = match function {
            HistogramFunction::Quantile(_) => bucket_quantile(parameters[0], buckets),
            HistogramFunction::Fraction { .. } => {
                bucket_fraction(parameters[0], parameters[1], buckets)
            }
        };
        output.push(histogram, value)?;
    }
    Ok(())
}

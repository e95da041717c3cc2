//! The network in plain f64, sentence by sentence and number by number.

#![cfg(test)]

use super::super::per_parameter::{Affine, PerParameter};
use super::super::{
    Dropout, Parameters, Pieces, Shape,
    dropout::{Mask, Site},
};

/// Complementary error function (Abramowitz & Stegun 7.1.5, 7.1.14).
/// A series near 0, a continued fraction further out.
pub(in super::super) fn erfc(x: f64) -> f64 {
    let z = x.abs();
    let value = if z < 2.5 {
        let (mut term, mut sum) = (z, z);
        for n in 1..100 {
            term *= -z * z / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        1.0 - 2.0 / std::f64::consts::PI.sqrt() * sum
    } else {
        let tail = (1..200).rev().fold(0.0, |tail, n| f64::from(n) / 2.0 / (z + tail));
        (-z * z).exp() / std::f64::consts::PI.sqrt() / (z + tail)
    };
    if x < 0.0 { 2.0 - value } else { value }
}

/// Parameters in f64.
#[derive(Clone, Debug)]
pub(super) struct Naive {
    pub(super) shape: Shape,
    pub(super) values: PerParameter<Vec<f64>>,
}

type Rows = Vec<Vec<f64>>;

impl Naive {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let values = parameters.by_parameter().map(|values| values.iter().map(|value| f64::from(*value)).collect());
        Self { shape: parameters.shape(), values }
    }

    /// A copy moved by `size` along `direction`.
    pub(super) fn moved(&self, direction: &[Vec<f64>], size: f64) -> Self {
        let mut copy = self.clone();
        for (values, direction) in copy.values.as_mut().into_vec().into_iter().zip(direction) {
            values.iter_mut().zip(direction).for_each(|(value, along)| *value += size * along);
        }
        copy
    }

    fn norm(&self, norm: &Affine<Vec<f64>>, rows: &Rows) -> Rows {
        let one = |row: &Vec<f64>| {
            let count = row.len() as f64;
            let mean = row.iter().sum::<f64>() / count;
            let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            let scale = 1.0 / (variance + f64::from(self.shape.epsilon)).sqrt();
            let places = row.iter().zip(&norm.weight).zip(&norm.bias);
            places.map(|((value, weight), bias)| (value - mean) * scale * weight + bias).collect()
        };
        rows.iter().map(one).collect()
    }

    fn attention(&self, qkv: &Rows, pieces: &Pieces<'_>, mask: Option<Mask>) -> Rows {
        let (dim, heads) = (self.shape.dim, self.shape.heads);
        let width = dim / heads;
        let mut context = vec![vec![0.0; dim]; qkv.len()];
        let mut before = 0;
        for range in pieces.sentences {
            let length = range.len();
            for (head, query) in (0..heads).flat_map(|head| (0..length).map(move |query| (head, query))) {
                let of = |piece: usize, part: usize| {
                    let from = part * dim + head * width;
                    &qkv[range.start + piece][from..from + width]
                };
                let dot = |key: usize| of(query, 0).iter().zip(of(key, 1)).map(|(a, b)| a * b).sum::<f64>();
                let powers: Vec<f64> = (0..length).map(|key| (dot(key) / (width as f64).sqrt()).exp()).collect();
                let sum: f64 = powers.iter().sum();
                for (key, power) in powers.iter().enumerate() {
                    let share = power / sum * factor(mask, before + (head * length + query) * length + key);
                    let to = context[range.start + query].iter_mut().skip(head * width);
                    to.zip(of(key, 2)).for_each(|(to, value)| *to += share * value);
                }
            }
            before += heads * length * length;
        }
        context
    }

    /// Logits of these pieces.
    pub(super) fn logits(&self, pieces: &Pieces<'_>, wanted: &[usize], dropout: Option<&Dropout>) -> Rows {
        let dim = self.shape.dim;
        let mask = |site| dropout.and_then(|dropout| dropout.mask(site));
        let PerParameter { words, positions, norm, layers, head } = &self.values;
        let row = |table: &'_ [f64], row: u32| table.chunks(dim).nth(row as usize).unwrap().to_vec();
        let both = pieces.words.iter().zip(pieces.positions);
        let sums = both.map(|(w, p)| row(words, *w).iter().zip(row(positions, *p)).map(|(a, b)| a + b).collect());
        let mut hidden = drop(mask(Site::Embeddings), self.norm(norm, &sums.collect()));
        let chosen = |rows: &Rows| -> Rows { wanted.iter().map(|piece| rows[*piece].clone()).collect() };
        for (at, layer) in layers.iter().enumerate() {
            let mut context = self.attention(&linear(&layer.qkv, &hidden), pieces, mask(Site::Attention(at)));
            if at + 1 == layers.len() {
                (context, hidden) = (chosen(&context), chosen(&hidden));
            }
            let attended = self.norm(&layer.attention_norm, &plus(linear(&layer.out, &context), &hidden));
            let mut inner = linear(&layer.expand, &attended);
            inner.iter_mut().flatten().for_each(|x| *x *= 0.5 * erfc(-*x / std::f64::consts::SQRT_2));
            let output = drop(mask(Site::FeedForward(at)), linear(&layer.contract, &inner));
            hidden = self.norm(&layer.output_norm, &plus(output, &attended));
        }
        if layers.is_empty() {
            hidden = chosen(&hidden);
        }
        linear(head, &drop(mask(Site::Head), hidden))
    }

    /// The labels' summed cross-entropy.
    pub(super) fn loss(&self, pieces: &Pieces<'_>, labels: &[(usize, usize)], dropout: Option<&Dropout>) -> f64 {
        let mut wanted: Vec<usize> = labels.iter().map(|(piece, _)| *piece).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let logits = self.logits(pieces, &wanted, dropout);
        let one = |(piece, tag): &(usize, usize)| {
            let row = &logits[wanted.binary_search(piece).unwrap()];
            row.iter().map(|value| value.exp()).sum::<f64>().ln() - row[*tag]
        };
        labels.iter().map(one).sum()
    }
}

fn linear(Affine { weight, bias }: &Affine<Vec<f64>>, rows: &Rows) -> Rows {
    let one = |row: &Vec<f64>, column: usize| {
        row.iter().enumerate().map(|(k, value)| value * weight[k * bias.len() + column]).sum::<f64>() + bias[column]
    };
    rows.iter().map(|row| (0..bias.len()).map(|column| one(row, column)).collect()).collect()
}

fn plus(mut rows: Rows, others: &Rows) -> Rows {
    rows.iter_mut().flatten().zip(others.iter().flatten()).for_each(|(to, value)| *to += value);
    rows
}

fn factor(mask: Option<Mask>, at: usize) -> f64 {
    let mut one = [1.0];
    if let Some(mask) = mask {
        mask.apply(at, &mut one);
    }
    f64::from(one[0])
}

fn drop(mask: Option<Mask>, mut rows: Rows) -> Rows {
    rows.iter_mut().flatten().enumerate().for_each(|(at, value)| *value *= factor(mask, at));
    rows
}

//! What several allocations share: a credential's account, a source address. A row outlives its last allocation
//! until its buckets are full again (the burst's time, a fraction of a second), so that leaving and coming back
//! gains nothing.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

use foldhash::fast::FixedState;

use crate::{
    budget::{Bucket, Limit},
    slab::Slab,
    time::Tick,
};

pub(crate) struct Quota<K> {
    rows: Slab<Row<K>>,
    by_key: HashMap<K, u32, FixedState>,
    limit: Limit,
    /// Rows without allocations, by index and generation, the one left longest ago first.
    idle: VecDeque<(u32, u32)>,
    active: usize,
}

/// The most rows without allocations; beyond, the oldest is forgotten early.
const IDLE_MOST: usize = 4096;

struct Row<K> {
    key: K,
    allocations: usize,
    up: Bucket,
    down: Bucket,
}

#[derive(Clone, Copy)]
pub(crate) enum Direction {
    Up,
    Down,
}

impl<K: Clone + Eq + Hash> Quota<K> {
    pub(crate) fn new(limit: Limit, seed: u64) -> Self {
        let by_key = HashMap::with_hasher(FixedState::with_seed(seed));
        Self { rows: Slab::new(), by_key, limit, idle: VecDeque::new(), active: 0 }
    }

    pub(crate) fn allocations(&self, key: &K) -> usize {
        let row = self.by_key.get(key).and_then(|index| self.rows.get(*index));
        row.map_or(0, |row| row.allocations)
    }

    /// One allocation more; its row.
    pub(crate) fn enter(&mut self, key: &K, now: Tick) -> u32 {
        self.forget_idle(now);
        let index = self.by_key.get(key).copied().unwrap_or_else(|| {
            let row =
                Row { key: key.clone(), allocations: 0, up: Bucket::default(), down: Bucket::default() };
            let (index, _) = self.rows.insert(row);
            self.by_key.insert(key.clone(), index);
            index
        });
        if let Some(row) = self.rows.get_mut(index) {
            self.active += usize::from(row.allocations == 0);
            row.allocations += 1;
        }
        index
    }

    /// One allocation less.
    pub(crate) fn leave(&mut self, index: u32, now: Tick) {
        let Some(row) = self.rows.get_mut(index) else { return };
        row.allocations -= 1;
        if row.allocations == 0 {
            self.active -= 1;
            self.idle.push_back((index, self.rows.generation(index)));
        }
        self.forget_idle(now);
    }

    /// Forgets idle rows from the front as long as their buckets are full, or there are too many.
    fn forget_idle(&mut self, now: Tick) {
        while let Some((index, generation)) = self.idle.front().copied() {
            let current = self.rows.is_current(index, generation);
            let row = self.rows.get(index).filter(|row| current && row.allocations == 0);
            let full = row.is_none_or(|row| row.up.is_full(now) && row.down.is_full(now));
            if !full && self.idle.len() <= IDLE_MOST {
                return;
            }
            self.idle.pop_front();
            if row.is_some()
                && let Some(row) = self.rows.remove(index)
            {
                self.by_key.remove(&row.key);
            }
        }
    }

    pub(crate) fn take(&mut self, index: u32, direction: Direction, bytes: usize, now: Tick) -> bool {
        let Some(row) = self.rows.get_mut(index) else { return false };
        let bucket = match direction {
            Direction::Up => &mut row.up,
            Direction::Down => &mut row.down,
        };
        bucket.take(&self.limit, bytes as u64, now)
    }

    /// Rows with allocations.
    pub(crate) fn len(&self) -> usize {
        self.active
    }
}

//! What several allocations share: a credential's account, a source address. A row outlives its last allocation
//! until its buckets are full again (the burst's time, a fraction of a second), so that leaving and coming back
//! gains nothing.
//!
//! The only state that servers of several threads have in common: a client's allocations spread over threads by
//! chance, and its limits must not grow by it. The table is locked when an allocation comes or goes; a packet
//! touches the two numbers of its row only.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use foldhash::fast::FixedState;

use crate::{
    budget::{Bucket, Limit},
    slab::Slab,
    time::Tick,
};

/// Accounts, or source addresses. A clone is the same.
pub(crate) struct Quota<K: Eq + Hash> {
    table: Arc<Mutex<Table<K>>>,
    limit: Limit,
}

struct Table<K> {
    rows: Slab<Row<K>>,
    by_key: HashMap<K, u32, FixedState>,
    /// Rows without allocations, by index and generation, the one left longest ago first.
    idle: VecDeque<(u32, u32)>,
    active: usize,
    /// Allocations of all rows.
    members: usize,
}

/// The most rows without allocations; beyond, the oldest is forgotten early.
const IDLE_MOST: usize = 4096;

struct Row<K> {
    key: K,
    allocations: usize,
    buckets: Arc<Buckets>,
}

#[derive(Default)]
struct Buckets {
    up: AtomicU64,
    down: AtomicU64,
}

#[derive(Clone, Copy)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// An allocation's share of a row; dropped, it is one allocation less.
pub(crate) struct Member<K: Eq + Hash> {
    table: Arc<Mutex<Table<K>>>,
    index: u32,
    buckets: Arc<Buckets>,
}

impl<K: Eq + Hash> Clone for Quota<K> {
    fn clone(&self) -> Self {
        Self { table: self.table.clone(), limit: self.limit }
    }
}

impl<K: Clone + Eq + Hash> Quota<K> {
    pub(crate) fn new(limit: Limit, seed: u64) -> Self {
        let by_key = HashMap::with_hasher(FixedState::with_seed(seed));
        let table = Table { rows: Slab::new(), by_key, idle: VecDeque::new(), active: 0, members: 0 };
        Self { table: Arc::new(Mutex::new(table)), limit }
    }

    pub(crate) fn allocations(&self, key: &K) -> usize {
        let table = lock(&self.table);
        let row = table.by_key.get(key).and_then(|index| table.rows.get(*index));
        row.map_or(0, |row| row.allocations)
    }

    /// Allocations of all together.
    pub(crate) fn members(&self) -> usize {
        lock(&self.table).members
    }

    /// One allocation more.
    pub(crate) fn enter(&self, key: &K, now: Tick) -> Member<K> {
        let mut guard = lock(&self.table);
        let table = &mut *guard;
        table.forget_idle(now);
        let index = table.by_key.get(key).copied().unwrap_or_else(|| {
            let row = Row { key: key.clone(), allocations: 0, buckets: Arc::default() };
            let (index, _) = table.rows.insert(row);
            table.by_key.insert(key.clone(), index);
            index
        });
        let mut buckets = Arc::default();
        if let Some(row) = table.rows.get_mut(index) {
            table.active += usize::from(row.allocations == 0);
            row.allocations += 1;
            table.members += 1;
            buckets = row.buckets.clone();
        }
        Member { table: self.table.clone(), index, buckets }
    }

    /// So many bytes, or nothing if they are more than the limit allows.
    #[inline]
    pub(crate) fn take(&self, member: &Member<K>, direction: Direction, bytes: usize, now: Tick) -> bool {
        let full_at = match direction {
            Direction::Up => &member.buckets.up,
            Direction::Down => &member.buckets.down,
        };
        let take = |full_at| {
            let mut bucket = Bucket { full_at };
            bucket.take(&self.limit, bytes as u64, now).then_some(bucket.full_at)
        };
        full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Rows with allocations.
    pub(crate) fn len(&self) -> usize {
        lock(&self.table).active
    }
}

impl<K: Eq + Hash> Drop for Member<K> {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        let Some(row) = table.rows.get_mut(self.index) else { return };
        row.allocations -= 1;
        let last = row.allocations == 0;
        table.members -= 1;
        if last {
            let generation = table.rows.generation(self.index);
            table.active -= 1;
            table.idle.push_back((self.index, generation));
        }
    }
}

impl<K: Eq + Hash> Table<K> {
    /// From the front as long as buckets are full, or there are too many.
    fn forget_idle(&mut self, now: Tick) {
        while let Some((index, generation)) = self.idle.front().copied() {
            let current = self.rows.is_current(index, generation);
            let row = self.rows.get(index).filter(|row| current && row.allocations == 0);
            let full = row.is_none_or(|row| row.buckets.are_full(now));
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
}

impl Buckets {
    fn are_full(&self, now: Tick) -> bool {
        [&self.up, &self.down].into_iter().all(|full_at| full_at.load(Ordering::Relaxed) <= now)
    }
}

/// Nothing in here is left half done by a panic.
fn lock<K>(table: &Mutex<Table<K>>) -> MutexGuard<'_, Table<K>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

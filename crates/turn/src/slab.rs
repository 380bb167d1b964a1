//! A table whose rows have small numbers, each row with a generation so that a stale name is noticed.

pub(crate) struct Slab<T> {
    rows: Vec<Row<T>>,
    free: Vec<u32>,
}

struct Row<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Slab<T> {
    pub(crate) fn new() -> Self {
        Self { rows: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len() - self.free.len()
    }

    /// Index and generation.
    pub(crate) fn insert(&mut self, value: T) -> (u32, u32) {
        if let Some(index) = self.free.pop() {
            let row = &mut self.rows[index as usize];
            row.value = Some(value);
            return (index, row.generation);
        }
        self.rows.push(Row { generation: 0, value: Some(value) });
        (self.rows.len() as u32 - 1, 0)
    }

    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.rows.get(index as usize)?.value.as_ref()
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.rows.get_mut(index as usize)?.value.as_mut()
    }

    pub(crate) fn generation(&self, index: u32) -> u32 {
        self.rows.get(index as usize).map_or(0, |row| row.generation)
    }

    pub(crate) fn is_current(&self, index: u32, generation: u32) -> bool {
        self.rows.get(index as usize).is_some_and(|row| row.generation == generation && row.value.is_some())
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<T> {
        let row = self.rows.get_mut(index as usize)?;
        let value = row.value.take()?;
        row.generation = row.generation.wrapping_add(1);
        self.free.push(index);
        Some(value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.rows.iter().enumerate().filter_map(|(at, row)| Some((at as u32, row.value.as_ref()?)))
    }
}

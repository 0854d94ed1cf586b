//! A stack whose first elements are kept inline.

/// A stack that allocates only beyond `N` elements.
#[derive(Debug)]
pub(super) struct Stack<T, const N: usize> {
    inline: [T; N],
    used: usize,
    spilled: Vec<T>,
}

impl<T: Default, const N: usize> Default for Stack<T, N> {
    fn default() -> Self {
        Self {
            inline: std::array::from_fn(|_| T::default()),
            used: 0,
            spilled: Vec::new(),
        }
    }
}

impl<T: Default, const N: usize> Stack<T, N> {
    pub fn push(&mut self, value: T) {
        if let Some(slot) = self.inline.get_mut(self.used) {
            *slot = value;
            self.used += 1;
        } else {
            self.spilled.push(value);
        }
    }

    pub fn pop(&mut self) -> Option<T> {
        if let Some(value) = self.spilled.pop() {
            return Some(value);
        }
        self.used = self.used.checked_sub(1)?;
        Some(std::mem::take(&mut self.inline[self.used]))
    }

    pub fn get(&self, index: usize) -> Option<&T> {
        if index < self.used {
            self.inline.get(index)
        } else {
            self.spilled.get(index - self.used)
        }
    }

    pub fn set(&mut self, index: usize, value: T) {
        let used = self.used;
        let slot = if index < used {
            self.inline.get_mut(index)
        } else {
            self.spilled.get_mut(index - used)
        };
        if let Some(slot) = slot {
            *slot = value;
        }
    }

    pub fn last(&self) -> Option<&T> {
        self.spilled
            .last()
            .or_else(|| self.inline[..self.used].last())
    }

    pub fn last_mut(&mut self) -> Option<&mut T> {
        if self.spilled.is_empty() {
            self.inline[..self.used].last_mut()
        } else {
            self.spilled.last_mut()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stack;

    #[test]
    fn order_holds_across_the_inline_part() {
        let mut stack: Stack<i32, 2> = Stack::default();
        for value in 0..5 {
            stack.push(value);
        }
        stack.set(3, 30);
        assert_eq!(
            (stack.get(1), stack.get(3), stack.last()),
            (Some(&1), Some(&30), Some(&4))
        );
        assert_eq!(
            std::iter::from_fn(|| stack.pop()).collect::<Vec<_>>(),
            [4, 30, 2, 1, 0]
        );
    }
}

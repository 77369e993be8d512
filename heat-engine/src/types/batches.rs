//! How members of a group are changed a few at a time.

/// One batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Batch {
    /// How many names are in use at most.
    pub(super) high_water: usize,
    /// How many of these, from the end, have the new definition.
    pub(super) updated: usize,
}

/// The batches of an update of `current` members, `target` of which stay. While there are too few that need not change,
/// more than wanted are made for the time being, as Heat does it.
pub(super) fn rolling(target: usize, current: usize, size: usize, min_in_service: usize) -> Vec<Batch> {
    let mut batches = Vec::new();
    let (mut most, mut now) = (current, current);
    let (mut total, mut updated) = (0, 0);
    while updated < target {
        let least = min_in_service.min(target).min(now);
        let batch = size.min(target.saturating_sub(updated));
        let capacity = batch + now.min(target - batch).max(least);
        most = most.max(capacity);
        // Members beyond the target are not changed, but they count as being in service.
        let high_water = if most <= current { target } else { most };
        let created = high_water.saturating_sub(current);
        total += batch - capacity.saturating_sub(now).min(batch);
        batches.push(Batch { high_water, updated: created + total });
        let ignored = high_water.min(current).saturating_sub(target).min(total);
        updated = total - ignored;
        now = most;
        if updated >= now && now == target {
            break;
        }
        if batches.len() > current + target {
            break;
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(high_water: usize, updated: usize) -> Batch {
        Batch { high_water, updated }
    }

    #[test]
    fn without_a_minimum_members_are_changed_where_they_are() {
        assert_eq!(rolling(4, 4, 2, 0), [batch(4, 2), batch(4, 4)]);
        assert_eq!(rolling(3, 3, 5, 0), [batch(3, 3)]);
        assert!(rolling(0, 3, 1, 0).is_empty());
    }

    #[test]
    fn with_a_minimum_more_are_made_for_the_time_being() {
        let batches = rolling(3, 3, 2, 2);
        assert_eq!(batches[0], batch(4, 2));
        assert!(batches.iter().all(|batch| batch.high_water >= 3));
        assert_eq!(batches.last().map(|batch| batch.updated >= batch.high_water), Some(true));
    }
}

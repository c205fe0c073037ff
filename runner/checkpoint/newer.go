package checkpoint

import "time"

// HasNewer says whether a checkpoint stands on the disk that is complete, and was written, or written to, after that time. Where there are
// folders they alone are checkpoints: what lies loose beside them may be a log. It may be asked while others use the keeper.
func (k *Keeper) HasNewer(since, now time.Time) bool {
	units, err := Look(k.Folder)
	return err == nil && hasNewer(units, since, now, k.Rules)
}

func hasNewer(units []Unit, since, now time.Time, rules Rules) bool {
	folders := false
	for _, unit := range units {
		folders = folders || !unit.Loose
	}
	for _, unit := range units {
		if unit.Loose != folders && unit.Touched.After(since) && complete(unit, now, Running, rules) {
			return true
		}
	}
	return false
}

package checkpoint

import (
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"

	"signalbox.dev/runner/place"
)

// Node is a file, or a link inside of the folder, as it stands on the disk.
type Node struct {
	Path     string
	Size     int64
	Mode     fs.FileMode
	Modified time.Time
	// Link is where it leads, relative to itself; empty: it is a file.
	Link string
	// Touched is when anything of it changed last, as the kernel says: nobody can set that.
	Touched time.Time
	inode   uint64
}

// Unit is what is saved whole or not at all: a folder directly below, as trainers make one a checkpoint, or a file that lies loose.
type Unit struct {
	Name  string
	Loose bool
	Nodes []Node
	// Touched is when anything in it changed last.
	Touched time.Time
}

// Same says whether two looks saw the same unit.
func (u Unit) Same(other Unit) bool {
	if len(u.Nodes) != len(other.Nodes) || !u.Touched.Equal(other.Touched) {
		return false
	}
	for i, node := range u.Nodes {
		if node != other.Nodes[i] {
			return false
		}
	}
	return true
}

// Has says whether a file of this name lies in it.
func (u Unit) Has(name string) bool {
	for _, node := range u.Nodes {
		if filepath.Base(node.Path) == name {
			return true
		}
	}
	return false
}

// Look sees what stands in a folder, by units in the order of their names. What vanishes meanwhile is not there; what is neither a
// file nor a link inside of the folder is left out.
func Look(folder string) ([]Unit, error) {
	units := map[string]*Unit{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && !os.IsNotExist(err):
			return err
		case err != nil || path == folder:
			return nil
		}
		relative, _ := filepath.Rel(folder, path)
		name, _, inFolder := strings.Cut(relative, string(filepath.Separator))
		if name == place.Own {
			return filepath.SkipDir
		}
		info, err := entry.Info()
		if err != nil {
			return nil
		}
		unit := units[name]
		if unit == nil {
			unit = &Unit{Name: name, Loose: !inFolder && !entry.IsDir()}
			units[name] = unit
		}
		unit.add(folder, relative, info)
		return nil
	})
	found := make([]Unit, 0, len(units))
	for _, unit := range units {
		if len(unit.Nodes) > 0 {
			found = append(found, *unit)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].Name < found[j].Name })
	return found, err
}

func (u *Unit) add(folder, relative string, info fs.FileInfo) {
	node := Node{Path: filepath.ToSlash(relative), Size: info.Size(), Mode: info.Mode().Perm(), Modified: info.ModTime(), Touched: info.ModTime()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		node.Touched, node.inode = time.Unix(stat.Ctim.Unix()), stat.Ino
	}
	if node.Touched.After(u.Touched) {
		u.Touched = node.Touched
	}
	switch {
	case info.Mode().IsRegular():
		u.Nodes = append(u.Nodes, node)
	case info.Mode()&fs.ModeSymlink != 0:
		if to, err := os.Readlink(filepath.Join(folder, relative)); err == nil && inside(node.Path, to) {
			node.Link, node.Size = to, 0
			u.Nodes = append(u.Nodes, node)
		}
	}
}

// inside says whether a link at this path leads nowhere out of the folder.
func inside(path, to string) bool {
	if to == "" || filepath.IsAbs(to) {
		return false
	}
	return filepath.IsLocal(filepath.Join(filepath.Dir(path), to))
}

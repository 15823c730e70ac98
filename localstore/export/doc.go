// Package export writes the mail of a store into the formats that other programs
// read, and reads mail from them.
//
// Invariants:
//   - The bytes of a message on the disk are those of the server: in a Maildir and a
//     tree of eml files as they are, in an mbox after taking away what was added.
//   - Nothing is written outside the folder that was named: paths are made of safe
//     parts, and opened below an os.Root, which no name and no link leads out of
//     (I23, failure table 25). Mailboxes whose names some file system takes for one
//     have different paths, and keep them.
//   - A file has its name only once it is whole. What a kill leaves behind is taken
//     away by the next export, which goes on with what is missing.
//   - Only files of ours are changed or removed; a folder that holds something else
//     is not taken for an export.
//   - An export follows the store one way: flags that another program changed in it
//     are set back.
//   - Reading is bounded: a message streams, whatever its size.
//
// Layout: run.go is an export; state.go its folder and what it remembers of it, names.go
// where a mailbox lies there, folder.go and file.go how a message gets there; maildir.go with
// letters.go, mbox.go and eml.go are the formats, mboxfile.go what is in an mbox. read.go
// is the way back: readmaildir.go, readmbox.go with openmbox.go and fields.go,
// noted.go and imapbackup.go know what other programs write, too.
package export

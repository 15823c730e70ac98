package main

import "github.com/urfave/cli/v2"

// commands lists them in the order of --help.
func (a *app) commands() []*cli.Command {
	return []*cli.Command{
		a.addCommand(),
		a.syncCommand(),
		a.statusCommand(),
		a.foldersCommand(),
		a.listCommand(),
		a.showCommand(),
		a.historyCommand(),
		a.diffCommand(),
		a.flagCommand(),
		a.moveCommand(),
		a.copyCommand(),
		a.deleteCommand(),
		a.appendCommand(),
		a.mkdirCommand(),
		a.renameCommand(),
		a.rmdirCommand(),
		a.subscribeCommand(),
		a.unsubscribeCommand(),
		a.restoreCommand(),
		a.undoCommand(),
		a.pendingCommand(),
		a.conflictsCommand(),
		a.migrateCommand(),
		a.purgeCommand(),
		a.snapshotCommand(),
		a.doctorCommand(),
		a.verifyCommand(),
		a.exportCommand(),
		a.importCommand(),
		a.adoptCommand(),
		a.demoCommand(),
	}
}

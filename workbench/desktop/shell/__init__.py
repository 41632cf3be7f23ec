"""The frame around the panels: actions, docks, tool bar, status bar, notices, welcome page, dialogs."""

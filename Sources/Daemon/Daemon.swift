// placeholder Daemon

/*
 * The program `quotebus`: finds the command, loads the configuration, runs it.
 */
#ifndef QUOTEBUS_CLI_CLI_H
#define QUOTEBUS_CLI_CLI_H

/** Returns the exit status. Call it once, from main. */
int cli_run(int argc, char **argv);

#endif

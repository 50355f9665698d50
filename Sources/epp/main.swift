import Glibc

exit(EPPCommand.run(Array(CommandLine.arguments.dropFirst())))

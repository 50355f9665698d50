import Glibc
import Service

let command = EPPCommand(
  start: { _, _ in throw SystemError("start", reason: "the picker is not assembled yet") },
  explain: { file, _ in throw SystemError("check \(file)", reason: "not assembled yet") })
exit(command.run(Array(CommandLine.arguments.dropFirst())))

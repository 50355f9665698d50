import Service

let report = try RecordingReplay.run(path: CommandLine.arguments[1])
print(report.text)

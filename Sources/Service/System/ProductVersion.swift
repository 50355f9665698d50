/// The version of both executables.
package enum ProductVersion {
  package static let current = "0.1.0"
}

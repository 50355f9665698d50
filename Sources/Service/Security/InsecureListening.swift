/// An address that other machines can reach, and nothing that tells who may use it.
package struct InsecureListening: Error, Equatable, CustomStringConvertible {
  package var address: ListenAddress

  package var description: String {
    """
    refusing to listen on \(address), which other machines may reach, without a token: give a \
    file of tokens with --token-file, listen on a loopback address or unix:/path, or say \
    --insecure-listen
    """
  }

  /// Checks the addresses of a server that has no token.
  ///
  /// - Throws: `InsecureListening` for the first address that is not local.
  package static func check(_ addresses: [ListenAddress]) throws(InsecureListening) {
    for address in addresses where !address.isLocal { throw InsecureListening(address: address) }
  }
}

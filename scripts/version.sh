# The version of Avocet, as Directory.Build.props says it. To be sourced in the repository's folder.
avocet_version() {
    sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props
}

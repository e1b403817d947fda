/** Stands for the rows of a window that are not there; nothing where none are missing. */
export function RowSpace({ height, columns }: { height: number; columns: number }) {
  if (height === 0) return null
  return (
    <tr className="space">
      <td colSpan={columns} style={{ height }} />
    </tr>
  )
}

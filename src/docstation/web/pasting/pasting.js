// A paste outside of texts is as if its files had been picked in the uploader.
const UPLOADER = '[data-testid="stFileUploaderDropzoneInput"]';
const TEXTS = "input, textarea, [contenteditable]";

export default function ({ parentElement }) {
  const pasted = (event) => {
    const files = event.clipboardData?.files;
    const uploader = document.querySelector(UPLOADER);
    const text = event.composedPath()[0].closest?.(TEXTS);
    // One that has the focus has taken it already.
    if (!uploader || !files?.length || text || event.defaultPrevented) return;
    event.preventDefault();
    uploader.files = files;
    uploader.dispatchEvent(new Event("change", { bubbles: true }));
  };
  window.addEventListener("paste", pasted);
  parentElement.querySelector("span").dataset.hears = "paste";
  return () => window.removeEventListener("paste", pasted);
}

"""Large uploads on their way, in files without a name: whatever ends the process, nothing of them stays on the disk."""

from __future__ import annotations

import tempfile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class NamelessFileUploadHandler(FileUploadHandler):
    """Takes what is too large for memory, as Django's own handler does, but into a file that has no name from the start.

    Django's has one until the request ends in order: a process that is killed leaves a student's text behind.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = UploadedFile(
            tempfile.TemporaryFile(prefix="feedforward-", dir=settings.FILE_UPLOAD_TEMP_DIR),  # noqa: SIM115
            self.file_name,
            self.content_type,
            0,
            self.charset,
            self.content_type_extra,
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        if getattr(self, "file", None) is not None:
            self.file.close()
